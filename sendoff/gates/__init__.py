"""Approvals: of what, by whom and for how long; whether enough people agree, and why an answer counts not."""

from sendoff.gates.across import spoken_for, too_few
from sendoff.gates.answer import Answer, Barred, Seat, Verdict
from sendoff.gates.judge import judge, possible, unreachable
from sendoff.gates.people import same_person
from sendoff.gates.subject import Subject, changed

__all__ = [
    "Answer",
    "Barred",
    "Seat",
    "Subject",
    "Verdict",
    "changed",
    "judge",
    "possible",
    "same_person",
    "spoken_for",
    "too_few",
    "unreachable",
]
