"""Why a release does not go on, in one sentence: on whom it waits, until when, when it may ship. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sendoff.ledger.models import Event, Lease
from sendoff.ledger.progress import Progress, progress
from sendoff.model import Frozen
from sendoff.report.words import count, listing, moment
from sendoff.report.wrongs import first_line
from sendoff.timing.prospect import Prospect, prospect
from sendoff.timing.rules import Leave, Rules, may_ship
from sendoff.timing.standing import may_be_held, standing_of
from sendoff.timing.words import because, copied, held, when


class Outlook(Frozen):
    """What can be said of when it may ship. `may_be_held`: whether rules reach it at all."""

    leave: Leave
    prospect: Prospect
    lock: Lease | None
    may_be_held: bool

    @classmethod
    def of(cls, events: Sequence[Event], rules: Rules, leases: Sequence[Lease], at: datetime) -> Outlook:
        """Ask the rules, and how the release stands."""
        standing = standing_of(events, leases, at)
        return cls(
            leave=may_ship(rules, at),
            prospect=prospect(rules, standing, at),
            lock=standing.lock,
            may_be_held=may_be_held(events),
        )


def why(events: Sequence[Event], rules: Rules, leases: Sequence[Lease], at: datetime) -> str:
    """Say it; `events` are all of the release's own, `rules` and `leases` as they are now."""
    now = progress(events)
    if now.end:
        said = f" ({first_line(now.said)})" if now.said else ""
        return f"{now.title} does not wait: it ended as {now.end!r}{said}"
    return f"{_waits(now, events, Outlook.of(events, rules, leases, at), at)}{copied(rules)}"


def _waits(now: Progress, events: Sequence[Event], outlook: Outlook, at: datetime) -> str:
    if now.question:
        return f"{now.title} waits to be told what to do, {_question(now, events)}; {_then(outlook)}"
    if outlook.lock:
        who = _locked(outlook.lock, at)
        return f"{now.title} waits for its environment, {who}; {_once_free(outlook, at)}"
    if now.held:
        return f"{now.title}: {_held(outlook)}"
    if now.waiting:
        needed = count(now.waiting.missing, "approval")
        return f"{now.title} waits for {needed} of {now.waiting.gate!r}, {_asked(events)}; {_then(outlook)}"
    ahead = "nothing holds it" if outlook.leave.allowed else f"before its next change {_held(outlook)}"
    return f"{now.title} does not wait, it is under way ({now.doing}); {ahead}"


def _held(outlook: Outlook) -> str:
    if outlook.leave.allowed:
        return "it was held, and may ship now: it looks again within the hour, or when you resume it"
    return held(outlook.leave, outlook.prospect)


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


def _locked(lease: Lease, at: datetime) -> str:
    """Say who else has its environment."""
    until = "for as long as that waits" if lease.expires is None else "until that ends"
    if lease.expires is not None and lease.expires <= at:
        until = "which is silent: it is taken over, or goes on"
    return f"which {lease.actor} holds for {lease.why!r} since {moment(lease.since)}, {until}"


def _once_free(outlook: Outlook, at: datetime) -> str:
    """Say when it may ship while another release has its environment."""
    ends, earliest = outlook.lock and outlook.lock.expires, outlook.prospect.moment
    if not outlook.may_be_held or (ends and ends <= at):
        return _then(outlook)
    also = "" if outlook.leave.allowed else f"{_besides(outlook)}; "
    if ends is None:
        return f"{also}when it may ship depends on that"
    if earliest:
        return f"{also}it may ship at {moment(earliest)} at the earliest"
    return f"{also}{when(outlook.leave, outlook.prospect)}"


def _then(outlook: Outlook) -> str:
    """Say when it may ship once nothing else is in the way."""
    if not outlook.may_be_held:
        return "after that it goes on at once"
    if outlook.leave.allowed:
        return "after that it may ship at once"
    return f"{_besides(outlook)}; {when(outlook.leave, outlook.prospect)}"


def _besides(outlook: Outlook) -> str:
    return f"besides, {listing(map(because, outlook.leave.reasons))}"


def _here(events: Sequence[Event]) -> dict[str, Any]:
    """Find the environment as it was written down when the release began."""
    body = events[0].body
    environments = (body.get("config") or {}).get("environments", ())
    return next((each for each in environments if each.get("name") == body.get("environment")), {})


def _people(names: Sequence[str]) -> str:
    return listing(names, last="or", otherwise="anybody")
