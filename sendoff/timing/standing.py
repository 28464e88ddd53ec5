"""How a release stands, from its events, as far as it matters to when it may ship. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sendoff.emergency import gates_that_hold
from sendoff.gates import Answer, Subject, judge
from sendoff.gates.history import History
from sendoff.gates.times import alarms, expires
from sendoff.ledger.models import MOVES, Event, Lease, resource
from sendoff.spec.intent import Intent
from sendoff.spec.models import Approval, ReleaseFile
from sendoff.timing.prospect import Limit, Standing

HELD = ("release", "deploy", "go-live")  # a rollback puts back, and the other flows change nothing


def may_be_held(events: Sequence[Event]) -> bool:
    """Tell whether windows, freezes and the line reach a release: what puts back is never held."""
    undoing = any(each.kind == "release.undoing" for each in events)
    return events[0].body.get("flow", "release") in HELD and not undoing


def standing_of(events: Sequence[Event], leases: Sequence[Lease], at: datetime) -> Standing:
    """Read it; `events` are all of the release's own, `leases` those that are held now."""
    return Standing(lock=_lock(events[0], leases), limits=tuple(_limits(events, at)))


def lapse(
    gate: Approval, requested_by: str, subject: Subject, answers: Sequence[Answer], at: datetime
) -> datetime | None:
    """Tell when approvals that are enough now are so no more; None when they stay so, or are not."""

    def is_open(moment: datetime) -> bool:
        return judge(gate, requested_by, subject, answers, moment).state == "approved"

    ends = {end for each in answers if (end := expires(gate, each)) is not None and end > at}
    return next((end for end in sorted(ends) if not is_open(end)), None) if is_open(at) else None


def _lock(created: Event, leases: Sequence[Lease]) -> Lease | None:
    """Find what another release has of its environment."""
    place = resource(str(created.body.get("application")), str(created.body.get("environment")))
    others = (each for each in leases if each.release != created.release)
    return next((each for each in others if each.resource == place), None)


def _limits(events: Sequence[Event], at: datetime) -> Iterator[Limit]:
    """Tell up to when approvals and gates count; once traffic has moved nobody is asked any more."""
    kinds = {each.kind for each in events}
    if kinds.intersection(MOVES) or "approval.asked" not in kinds:
        return
    body = events[0].body
    intent = Intent.model_validate(body["why"])
    environment = ReleaseFile.model_validate(body["config"]).environment(body["environment"])
    for gate in gates_that_hold(environment, intent.emergency):
        history = History.of(gate, events)
        if history.asked is None or history.is_over:
            continue
        given = gate, intent.requested_by, history.asked, history.answers
        if judge(*given, at).state == "waiting":
            end, what = alarms(gate, history.wait(at)).get("expire"), "gate"
        else:
            end, what = lapse(*given, at), "approvals"
        if end is not None:
            yield Limit(what=what, gate=gate.name, at=end)
