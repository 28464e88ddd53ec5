"""Whose answers count, whether enough people agree, and why an answer does not count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sendoff.gates.answer import Answer, Barred, Seat, Verdict
from sendoff.gates.later import read_later
from sendoff.gates.people import is_among, key_of, same_person
from sendoff.gates.seats import seated
from sendoff.gates.subject import Subject, changed
from sendoff.gates.times import expires
from sendoff.report.words import count, listing, moment
from sendoff.spec.models import Approval

ANYBODY = ""  # the only group of a gate that names none


def judge(
    gate: Approval,
    requested_by: str,
    subject: Subject,
    answers: Sequence[Answer],
    now: datetime,
    barred: Sequence[Barred] = (),
) -> Verdict:
    """Weigh the answers given so far, in their order; a rejection that counts wins over any approval.

    Args:
        gate: The gate
        requested_by: Who asked for the release
        subject: What it is about now
        answers: What was said at this gate
        now: The moment
        barred: Who may not approve here, as they are spoken for at another gate
    """
    able: dict[str, frozenset[str]] = {}
    names: dict[str, str] = {}
    rejected_by, objection = None, None
    for answer in answers:
        name = _shown(gate, answer.approver)
        objection = _objection(gate, requested_by, subject, answer, now) or _spoken_for(gate, answer, barred)
        if objection is None and answer.decision == "reject":
            rejected_by = rejected_by or name
        elif objection is None and answer.decision == "approve":
            objection = _seat(gate, able, answer)
            names.setdefault(key_of(answer.approver), name)
    seats = _seats(gate, able, names)
    missing = sum(seat.missing for seat in seats)
    agreed = tuple(names[key] for key in able)
    gone = (*agreed, *(each.name for each in barred))
    return Verdict(
        state="rejected" if rejected_by else "waiting" if missing else "approved",
        missing=missing,
        seats=seats,
        counted=agreed,
        may_still=tuple(name for name in possible(gate, requested_by) if not is_among(name, gone)),
        who_may=_who_may(gate, requested_by, gone, seats),
        rejected_by=rejected_by,
        last_counted=objection is None if answers else None,
        said=(objection or _accepted(gate, answers[-1], seats)) if answers else "",
    )


def possible(gate: Approval, requested_by: str) -> tuple[str, ...]:
    """Name those who may approve, each once; nobody when the gate names nobody."""
    unique = {key_of(name): name.strip() for name in reversed(gate.approvers)}
    if not gate.requester_may_approve:
        unique.pop(key_of(requested_by), None)
    return tuple(reversed(unique.values()))


def unreachable(gate: Approval, requested_by: str) -> str | None:
    """Tell why enough people can never agree, before anything is done; None when they can.

    Who is in a group is known when people answer, so of groups nothing can be told.
    """
    able = possible(gate, requested_by)
    if not gate.approvers or gate.escalate_to or len(able) >= gate.count:
        return None
    asked = count(gate.count, "approval is", "approvals are")
    has_asked = is_among(requested_by, gate.approvers) and not gate.requester_may_approve
    excluded = f" as {requested_by.strip()!r} asked for the release" if has_asked else ""
    who = listing(able, otherwise="nobody")
    return (
        f"gate {gate.name!r}: {asked} asked for but only {who} may give one{excluded}, "
        f"expected at least {gate.count}; name more approvers, or have somebody else ask for the release"
    )


def groups_of(gate: Approval) -> dict[str, int]:
    """Give the groups that have to agree, with how many people of each."""
    return {each.group: each.count for each in gate.approvals} or {ANYBODY: gate.count}


def groups_asked(gate: Approval) -> tuple[str, ...]:
    """Name the groups that people may answer for, with the one that is asked when others do not answer."""
    named = [each.group for each in gate.approvals]
    return tuple(dict.fromkeys([*named, *([gate.escalate_to] if gate.escalate_to else [])]))


def _seat(gate: Approval, able: dict[str, frozenset[str]], answer: Answer) -> str | None:
    """Let somebody sit for the groups that they may; tells why not when they could before."""
    key, groups = key_of(answer.approver), _may_sit_for(gate, answer)
    if groups <= able.get(key, frozenset()):
        return f"{answer.approver.strip()!r} has approved already: one person counts once; {_ask(gate)}"
    able[key] = able.get(key, frozenset()) | groups
    return None


def _may_sit_for(gate: Approval, answer: Answer) -> frozenset[str]:
    if answer.escalated and gate.escalate_to in answer.groups:
        return frozenset(groups_of(gate))
    if gate.approvals:
        return frozenset(groups_of(gate)).intersection(answer.groups)
    may = not gate.approvers or is_among(answer.approver, gate.approvers)
    return frozenset({ANYBODY}) if may else frozenset()


def _seats(gate: Approval, able: Mapping[str, Collection[str]], names: Mapping[str, str]) -> tuple[Seat, ...]:
    taken = seated(groups_of(gate), able)
    return tuple(
        Seat(group=group, count=seats, taken=tuple(names[key] for key in able if taken.get(key) == group))
        for group, seats in groups_of(gate).items()
    )


def _objection(
    gate: Approval, requested_by: str, subject: Subject, answer: Answer, now: datetime
) -> str | None:
    if not (name := answer.approver.strip()):
        return "nobody is named, expected who answers; write your name"
    return (
        answer.fell
        or _of_something_else(name, subject, answer)
        or _not_theirs(gate, name, same_person(name, requested_by), answer)
        or _incomplete(gate, name, answer, now)
    )


def _not_theirs(gate: Approval, name: str, is_requester: bool, answer: Answer) -> str | None:
    """Who asked for it may always withdraw it, or put it off."""
    approves = answer.decision == "approve"
    if approves and is_requester and not gate.requester_may_approve:
        return f"{name!r} asked for it: the requester may not approve what they asked for; {_ask(gate)}"
    if not _may_sit_for(gate, answer) and (approves or not is_requester):
        return _stranger(gate, name, answer)
    return None


def _spoken_for(gate: Approval, answer: Answer, barred: Sequence[Barred]) -> str | None:
    """Tell why somebody may not approve who could: anybody else may be asked, and rejects or puts it off."""
    if answer.decision != "approve":
        return None
    why = next((each.why for each in barred if same_person(each.name, answer.approver)), None)
    if why is None:
        return None
    return f"{answer.approver.strip()!r} {why}: one person counts once in all gates; {_ask(gate)}"


def _incomplete(gate: Approval, name: str, answer: Answer, now: datetime) -> str | None:
    match answer.decision:
        case "approve":
            return _expired(gate, name, answer, now)
        case "later":
            return _not_then(answer)
    return None if answer.comment.strip() else "a rejection needs a reason: write in the comment why"


def _of_something_else(name: str, subject: Subject, answer: Answer) -> str | None:
    if answer.subject is None:
        return f"{name!r} answered what was not asked yet, expected an answer to the form; answer that"
    if answer.subject != subject:
        parts = listing(changed(answer.subject, subject))
        return (
            f"{name!r} answered for the code {answer.subject.code!r}, which has changed since "
            f"({parts}), expected {subject.code!r}; read it again and answer for that"
        )
    if answer.code.strip() not in ("", subject.code):
        return (
            f"{name!r} answered for the code {answer.code.strip()!r}, expected {subject.code!r}; "
            "read it again and answer for that"
        )
    return None


def _not_then(answer: Answer) -> str | None:
    try:
        read_later(answer.until, answer.at)
    except ValueError as wrong:
        return str(wrong)
    return None


def _expired(gate: Approval, name: str, answer: Answer, now: datetime) -> str | None:
    at = expires(gate, answer)
    if at is None or now < at:
        return None
    return f"the approval of {name!r} has expired at {moment(at)}; answer again"


def _stranger(gate: Approval, name: str, answer: Answer) -> str:
    verb = {"approve": "approve", "reject": "reject", "later": "put off"}[answer.decision]
    if gate.approvals:
        known = listing(answer.groups, otherwise="no group")
        groups = listing(groups_of(gate), last="or")
        return (
            f"{name!r} may not {verb} {gate.name!r}: is of {known}, expected one of {groups}; ask one of them"
        )
    who = ", ".join(gate.approvers)
    return f"{name!r} may not {verb} {gate.name!r}: expected one of {who}; ask one of them"


def _ask(gate: Approval) -> str:
    return "ask one of the other approvers" if gate.approvers else "ask somebody else"


def _accepted(gate: Approval, answer: Answer, seats: Sequence[Seat]) -> str:
    name, missing = _shown(gate, answer.approver), sum(seat.missing for seat in seats)
    if answer.decision == "reject":
        return f"{name!r} rejected {gate.name!r}"
    if answer.decision == "later":
        return f"{name!r} asked to be asked again at {moment(read_later(answer.until, answer.at))}"
    of = f" ({_missing(seats)}; one person counts once)" if gate.approvals else ""
    rest = f"{count(missing, 'more approval')} needed{of}" if missing else "nobody else is needed"
    return f"{name!r} approved {gate.name!r}; {rest}"


def _who_may(gate: Approval, requested_by: str, gone: Sequence[str], seats: Sequence[Seat]) -> str:
    if gate.approvals:
        return _missing(seats)
    if gate.approvers:
        left = (name for name in possible(gate, requested_by) if not is_among(name, gone))
        return listing(left, last="or", otherwise="nobody")
    others = [*gone, *([] if gate.requester_may_approve else [requested_by.strip()])]
    named = {key_of(name): name for name in reversed(others)}
    return f"anybody but {listing(reversed(named.values()))}" if named else "anybody"


def _missing(seats: Sequence[Seat]) -> str:
    return listing((f"{seat.missing} of {seat.group}" for seat in seats if seat.missing), otherwise="nobody")


def _shown(gate: Approval, name: str) -> str:
    return next((each.strip() for each in gate.approvers if same_person(each, name)), name.strip())
