"""What somebody said at a gate, and where the gate stands by that."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sendoff.gates.subject import Subject
from sendoff.model import Frozen

Decision = Literal["approve", "reject", "later"]


class Answer(Frozen):
    """What somebody said at a gate, of what they were shown.

    `groups`: those that they were in when they answered. `until`: when to ask again, of a `later`.
    `subject`: what the question was of; None when nobody had asked it. `code`: what stood in their form;
    empty when it was not sent back. `escalated`: others were asked by then too. `proved`: by a stamp, the
    one that `nonce` names. `fell`: why it does not count, whatever is true by now.
    """

    approver: str
    groups: tuple[str, ...] = ()
    decision: Decision
    comment: str = ""
    until: str = ""
    at: datetime
    subject: Subject | None
    code: str = ""
    question: str = ""
    escalated: bool = False
    proved: bool = False
    nonce: str = ""
    fell: str = ""


class Barred(Frozen):
    """Somebody who may not approve at a gate, as they are spoken for at another one of the same release."""

    name: str
    why: str


class Seat(Frozen):
    """A group with how many of it have to agree, and who does; unnamed where there are no groups."""

    group: str
    count: int
    taken: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Tell how many have still to agree."""
        return self.count - len(self.taken)


class Verdict(Frozen):
    """Where a gate stands. `last_counted` and `said` are about the last answer; None and "" before any."""

    state: Literal["approved", "rejected", "waiting"]
    missing: int
    seats: tuple[Seat, ...]
    counted: tuple[str, ...] = ()
    may_still: tuple[str, ...] = ()
    who_may: str
    rejected_by: str | None = None
    last_counted: bool | None = None
    said: str = ""
