"""Why a release does not go on, in one sentence: on whom it waits, until when, when it may ship. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sendoff.ledger.models import Event, Lease, resource
from sendoff.ledger.progress import Progress, progress
from sendoff.model import Frozen
from sendoff.report.words import count, listing, moment
from sendoff.report.wrongs import first_line
from sendoff.timing.rules import Leave, Rules, may_ship, next_moment
from sendoff.timing.standing import may_be_held
from sendoff.timing.words import because, copied, held, when


class Outlook(Frozen):
    """What the rules say now: whether it may ship, and the next moment at which it may."""

    leave: Leave
    following: datetime | None

    @classmethod
    def of(cls, rules: Rules, at: datetime) -> Outlook:
        """Ask the rules."""
        return cls(leave=may_ship(rules, at), following=next_moment(rules, at))


def why(events: Sequence[Event], rules: Rules, leases: Sequence[Lease], at: datetime) -> str:
    """Say it; `events` are all of the release's own, `rules` and `leases` as they are now."""
    now = progress(events)
    if now.end:
        said = f" ({first_line(now.said)})" if now.said else ""
        return f"{now.title} does not wait: it ended as {now.end!r}{said}"
    return f"{_waits(now, events, rules, leases, at)}{copied(rules)}"


def _waits(
    now: Progress, events: Sequence[Event], rules: Rules, leases: Sequence[Lease], at: datetime
) -> str:
    outlook = Outlook.of(rules, at)
    then = _then(outlook) if may_be_held(events) else "after that it goes on at once"
    if now.question:
        return f"{now.title} waits to be told what to do, {_question(now, events)}; {then}"
    if lease := _lock(events, leases, at):
        return f"{now.title} waits for its environment, {lease}; {then}"
    if now.held:
        return f"{now.title}: {_held(outlook)}{expiring(events, outlook.following)}"
    if now.waiting:
        needed = count(now.waiting.missing, "approval")
        return f"{now.title} waits for {needed} of {now.waiting.gate!r}, {_asked(events)}; {then}"
    ahead = "nothing holds it" if outlook.leave.allowed else f"before its next change {_held(outlook)}"
    return f"{now.title} does not wait, it is under way ({now.doing}); {ahead}"


def expiring(events: Sequence[Event], following: datetime | None) -> str:
    """Say that approvals will have expired by the next moment at which it may ship; else nothing."""
    lasts = {str(each.get("name")): each.get("answers_expire") for each in _here(events).get("gates", ())}
    given = [event for event in events if event.kind == "approval.answered" and event.body.get("counted")]
    gates = dict.fromkeys(
        repr(event.body["gate"])
        for event in given
        if following
        and (term := lasts.get(event.body["gate"]))
        and event.at + timedelta(seconds=term) <= following
    )
    return f"; by then approvals of {listing(gates)} have expired, and are asked for again" if gates else ""


def _held(outlook: Outlook) -> str:
    if outlook.leave.allowed:
        return "it was held, and may ship now: it looks again within the hour, or when you resume it"
    return held(outlook.leave, outlook.following)


def _question(now: Progress, events: Sequence[Event]) -> str:
    assert now.question is not None  # noqa: S101 -- asked for where there is one
    who = _people(_here(events).get("on_trouble", {}).get("answerers", ()))
    until = moment(now.question.until)
    return f"as {now.question.broke}: on {who}, until {until}, when it is {now.question.otherwise!r}"


def _asked(events: Sequence[Event]) -> str:
    """Say who has to answer and until when, as it was written down when they were asked."""
    asked = next(event for event in reversed(events) if event.kind == "approval.asked")
    gates = _here(events).get("gates", ())
    gate: dict[str, Any] = next((each for each in gates if each.get("name") == asked.body.get("gate")), {})
    who = asked.body.get("from") or _people(gate.get("approvers", ()))
    until = asked.body.get("until")
    limit = f"until {moment(datetime.fromisoformat(until))}" if until else "without a time limit"
    return f"on {who}, {limit}"


def _lock(events: Sequence[Event], leases: Sequence[Lease], at: datetime) -> str | None:
    """Say who else has its environment."""
    body = events[0].body
    place = resource(str(body.get("application")), str(body.get("environment")))
    lease = next((each for each in leases if each.resource == place), None)
    if lease is None or lease.release == events[0].release:
        return None
    until = "for as long as that waits" if lease.expires is None else "until that ends"
    if lease.expires is not None and lease.expires <= at:
        until = "which is silent: it is taken over, or goes on"
    return f"which {lease.actor} holds for {lease.why!r} since {moment(lease.since)}, {until}"


def _then(outlook: Outlook) -> str:
    """Say when it may ship once nothing else is in the way."""
    if outlook.leave.allowed:
        return "after that it may ship at once"
    also = listing(map(because, outlook.leave.reasons))
    return f"besides, {also}; {when(outlook.leave, outlook.following)}"


def _here(events: Sequence[Event]) -> dict[str, Any]:
    """Find the environment as it was written down when the release began."""
    body = events[0].body if events else {}
    environments = (body.get("config") or {}).get("environments", ())
    return next((each for each in environments if each.get("name") == body.get("environment")), {})


def _people(names: Sequence[str]) -> str:
    return listing(names, last="or", otherwise="anybody")
