"""Approvals: of what, by whom and for how long; whether enough people agree, and why an answer counts not."""

from sendoff.gates.answer import Answer, Seat, Verdict
from sendoff.gates.judge import judge, possible, unreachable
from sendoff.gates.people import same_person
from sendoff.gates.subject import Subject, changed

__all__ = [
    "Answer",
    "Seat",
    "Subject",
    "Verdict",
    "changed",
    "judge",
    "possible",
    "same_person",
    "unreachable",
]
