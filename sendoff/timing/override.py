"""Shipping in spite of a freeze: who may say so, of which freezes it counts, and how long. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sendoff.gates import same_person
from sendoff.ledger.models import Event
from sendoff.model import Frozen, short
from sendoff.report.words import listing
from sendoff.timing.rules import Reason

Choice = Literal["wait", "ship anyway"]


class Shown(Frozen):
    """What people are asked where freezes hold a release: of these, by id, and of a plan, by its digest."""

    freezes: tuple[str, ...] = ()
    plan: str = ""

    @property
    def code(self) -> str:
        """Shorten it to what a person can compare: 8 digits."""
        return short(self)


class Answer(Frozen):
    """What somebody answered where a freeze holds a release.

    `shown`: what the question was of; None when nobody had asked it. `code`: what stood in their form; empty
    when it was not sent back.
    """

    decision: Choice
    who: str
    groups: tuple[str, ...] = ()
    comment: str = ""
    shown: Shown | None
    code: str = ""


class Verdict(Frozen):
    """Which freezes are overridden by an answer, by id, and what is to be said of it."""

    overridden: tuple[str, ...] = ()
    counted: bool
    said: str


def judge(answer: Answer, requested_by: str, freezes: Sequence[Reason], plan: str) -> Verdict:
    """Weigh an answer: only the owner of a freeze may override it, and only one that they were shown.

    Args:
        answer: What was answered
        requested_by: Who asked for the release: they may not
        freezes: Those that hold it now
        plan: The digest of its plan now
    """
    who = answer.who.strip()
    if not who:
        return Verdict(counted=False, said="nobody is named, expected who answers; write your name")
    if answer.decision == "wait":
        return Verdict(counted=True, said=f"{who} answered 'wait'{_comment(answer)}")
    theirs = [each for each in freezes if _owns(answer, each.owner)]
    objection = (
        _of_something_else(who, answer, plan)
        or _not_theirs(who, theirs, freezes, requested_by)
        or _not_shown(who, answer, theirs)
    )
    if not (objection or answer.comment.strip()):
        objection = "an override needs a reason: write in the comment why it cannot wait"
    if objection:
        return Verdict(counted=False, said=objection)
    seen = _seen(answer, theirs)
    return Verdict(
        overridden=tuple(each.freeze for each in seen),
        counted=True,
        said=f"{who} overrode the freeze {_titles(seen)}{_comment(answer)}",
    )


def in_force(events: Sequence[Event]) -> frozenset[str]:
    """Name the freezes that are overridden for a release, by id; what is planned anew makes that void."""
    planned = max((event.number for event in events if event.kind == "release.planned"), default=0)
    return frozenset(
        str(event.body["freeze"])
        for event in events
        if event.kind == "freeze.overridden" and event.number > planned
    )


def _of_something_else(who: str, answer: Answer, plan: str) -> str | None:
    if answer.shown is None:
        return f"{who!r} answered what was not asked yet, expected an answer to the form; answer that"
    if answer.shown.plan != plan:
        return (
            f"{who!r} answered for the code {answer.shown.code!r}, and what would be released has changed "
            "since (plan); read it again and answer for that"
        )
    if answer.code.strip() not in ("", answer.shown.code):
        return (
            f"{who!r} answered for the code {answer.code.strip()!r}, expected {answer.shown.code!r}; "
            "read it again and answer for that"
        )
    return None


def _not_theirs(
    who: str, theirs: Sequence[Reason], freezes: Sequence[Reason], requested_by: str
) -> str | None:
    if not theirs:
        owners = listing(dict.fromkeys(each.owner for each in freezes), last="or")
        return f"{who!r} may not override it: expected {owners}; ask them"
    if same_person(who, requested_by):
        return (
            f"{who!r} asked for it: the requester may not override a freeze for what they asked for; ask "
            "another owner, or have somebody else start it"
        )
    return None


def _not_shown(who: str, answer: Answer, theirs: Sequence[Reason]) -> str | None:
    if _seen(answer, theirs):
        return None
    return (
        f"the freeze {_titles(theirs)} was not shown when {who!r} answered, expected an answer for what "
        "holds it now; read it again and answer for that"
    )


def _seen(answer: Answer, theirs: Sequence[Reason]) -> list[Reason]:
    shown = answer.shown.freezes if answer.shown else ()
    return [each for each in theirs if each.freeze in shown]


def _titles(freezes: Sequence[Reason]) -> str:
    return listing(repr(each.said) for each in freezes)


def _owns(answer: Answer, owner: str) -> bool:
    return any(same_person(name, owner) for name in (answer.who, *answer.groups))


def _comment(answer: Answer) -> str:
    return f": {answer.comment.strip()}" if answer.comment.strip() else ""
