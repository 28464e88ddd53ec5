"""Shipping in spite of a freeze: who may say so, and of which freezes it counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sendoff.gates import same_person
from sendoff.model import Frozen
from sendoff.report.words import listing
from sendoff.timing.rules import Reason

Choice = Literal["wait", "ship anyway"]


class Answer(Frozen):
    """What somebody answered where a freeze holds a release."""

    decision: Choice
    who: str
    groups: tuple[str, ...] = ()
    comment: str = ""


class Verdict(Frozen):
    """Which freezes are overridden by an answer, by id, and what is to be said of it."""

    overridden: tuple[str, ...] = ()
    counted: bool
    said: str


def judge(answer: Answer, freezes: Sequence[Reason]) -> Verdict:
    """Weigh an answer: only the owner of a freeze, a person or a member of a group, may override it."""
    who = answer.who.strip()
    if not who:
        return Verdict(counted=False, said="nobody is named, expected who answers; write your name")
    if answer.decision == "wait":
        return Verdict(counted=True, said=f"{who} answered 'wait'{_comment(answer)}")
    theirs = [each for each in freezes if _owns(answer, each.owner)]
    if not theirs:
        owners = listing(dict.fromkeys(each.owner for each in freezes), last="or")
        return Verdict(counted=False, said=f"{who!r} may not override it: expected {owners}; ask them")
    if not answer.comment.strip():
        return Verdict(
            counted=False, said="an override needs a reason: write in the comment why it cannot wait"
        )
    titles = listing(repr(each.said) for each in theirs)
    return Verdict(
        overridden=tuple(each.freeze for each in theirs),
        counted=True,
        said=f"{who} overrode the freeze {titles}{_comment(answer)}",
    )


def _owns(answer: Answer, owner: str) -> bool:
    return any(same_person(name, owner) for name in (answer.who, *answer.groups))


def _comment(answer: Answer) -> str:
    return f": {answer.comment.strip()}" if answer.comment.strip() else ""
