"""Approvals: whose answers count, whether enough people agree, and why an answer does not count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sendoff.model import Frozen
from sendoff.report.words import count, listing
from sendoff.spec.models import Approval


class Answer(Frozen):
    """What somebody said at a gate, of the plan that they saw."""

    approver: str
    decision: Literal["approve", "reject"]
    comment: str = ""
    at: datetime
    plan_digest: str


class Verdict(Frozen):
    """Where a gate stands. `last_counted` and `said` are about the last answer; None and "" before any."""

    state: Literal["approved", "rejected", "waiting"]
    missing: int
    counted: tuple[str, ...] = ()
    may_still: tuple[str, ...] = ()
    who_may: str
    rejected_by: str | None = None
    last_counted: bool | None = None
    said: str = ""


def same_person(one: str, other: str) -> bool:
    """Compare names without regard to case and surrounding space."""
    return _key(one) == _key(other)


def judge(gate: Approval, requested_by: str, plan_digest: str, answers: Sequence[Answer]) -> Verdict:
    """Weigh the answers given so far, in their order; a rejection that counts wins over any approval."""
    agreed: list[str] = []
    rejected_by, objection = None, None
    for answer in answers:
        objection = _objection(gate, requested_by, plan_digest, agreed, answer)
        if objection is None and answer.decision == "reject":
            rejected_by = rejected_by or _shown(gate, answer.approver)
        elif objection is None:
            agreed.append(_shown(gate, answer.approver))
    missing = max(gate.count - len(agreed), 0)
    return Verdict(
        state="rejected" if rejected_by else "waiting" if missing else "approved",
        missing=missing,
        counted=tuple(agreed),
        may_still=tuple(name for name in possible(gate, requested_by) if not _is_among(name, agreed)),
        who_may=_who_may(gate, requested_by, agreed),
        rejected_by=rejected_by,
        last_counted=objection is None if answers else None,
        said=(objection or _accepted(gate, answers[-1], missing)) if answers else "",
    )


def possible(gate: Approval, requested_by: str) -> tuple[str, ...]:
    """Name those who may approve, each once; nobody when the gate is open to anybody."""
    unique = {_key(name): name.strip() for name in reversed(gate.approvers)}
    if not gate.requester_may_approve:
        unique.pop(_key(requested_by), None)
    return tuple(reversed(unique.values()))


def unreachable(gate: Approval, requested_by: str) -> str | None:
    """Tell why enough people can never agree, before anything is done; None when they can."""
    able = possible(gate, requested_by)
    if not gate.approvers or len(able) >= gate.count:
        return None
    asked = count(gate.count, "approval is", "approvals are")
    has_asked = _is_among(requested_by, gate.approvers) and not gate.requester_may_approve
    excluded = f" as {requested_by.strip()!r} asked for the release" if has_asked else ""
    who = listing(able, otherwise="nobody")
    return (
        f"gate {gate.name!r}: {asked} asked for but only {who} may give one{excluded}, "
        f"expected at least {gate.count}; name more approvers, or have somebody else ask for the release"
    )


def _objection(
    gate: Approval, requested_by: str, plan_digest: str, agreed: Sequence[str], answer: Answer
) -> str | None:
    name, is_requester = answer.approver.strip(), same_person(answer.approver, requested_by)
    if not name:
        return "nobody is named, expected who answers; write your name"
    if answer.plan_digest != plan_digest:
        return (
            f"{name!r} answered for the plan {answer.plan_digest[:8]!r}, which has changed since, "
            f"expected {plan_digest[:8]!r}; read the plan again and answer for that"
        )
    if answer.decision == "reject":
        return _objection_to_rejection(gate, name, is_requester, answer.comment)
    return _objection_to_approval(gate, name, is_requester, agreed)


def _objection_to_rejection(gate: Approval, name: str, is_requester: bool, comment: str) -> str | None:
    if not (_may(gate, name) or is_requester):
        return _stranger(gate, name, "reject")
    if not comment.strip():
        return "a rejection needs a reason: write in the comment why"
    return None


def _objection_to_approval(
    gate: Approval, name: str, is_requester: bool, agreed: Sequence[str]
) -> str | None:
    if is_requester and not gate.requester_may_approve:
        return f"{name!r} asked for it: the requester may not approve what they asked for; {_ask(gate)}"
    if not _may(gate, name):
        return _stranger(gate, name, "approve")
    if _is_among(name, agreed):
        return f"{name!r} has approved already: one person counts once; {_ask(gate)}"
    return None


def _stranger(gate: Approval, name: str, verb: str) -> str:
    return (
        f"{name!r} may not {verb} {gate.name!r}: expected one of {', '.join(gate.approvers)}; ask one of them"
    )


def _ask(gate: Approval) -> str:
    return "ask one of the other approvers" if gate.approvers else "ask somebody else"


def _accepted(gate: Approval, answer: Answer, missing: int) -> str:
    name = _shown(gate, answer.approver)
    if answer.decision == "reject":
        return f"{name!r} rejected {gate.name!r}"
    rest = f"{count(missing, 'more approval')} needed" if missing else "nobody else is needed"
    return f"{name!r} approved {gate.name!r}; {rest}"


def _who_may(gate: Approval, requested_by: str, agreed: Sequence[str]) -> str:
    if gate.approvers:
        left = (name for name in possible(gate, requested_by) if not _is_among(name, agreed))
        return listing(left, last="or", otherwise="nobody")
    barred = [*agreed, *([] if gate.requester_may_approve else [requested_by.strip()])]
    return f"anybody but {listing(barred)}" if barred else "anybody"


def _may(gate: Approval, name: str) -> bool:
    return not gate.approvers or _is_among(name, gate.approvers)


def _is_among(name: str, names: Sequence[str]) -> bool:
    return any(same_person(name, each) for each in names)


def _shown(gate: Approval, name: str) -> str:
    return next((each.strip() for each in gate.approvers if same_person(each, name)), name.strip())


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
