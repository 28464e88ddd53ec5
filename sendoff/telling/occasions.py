"""On which occasions an event is told, and where. A kind that is not known here is not told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from sendoff.gates.history import put_off
from sendoff.ledger.models import Event
from sendoff.report.emergency import emergency_of
from sendoff.spec.channels import BlockChannel, Occasion, WebhookChannel

Body = dict[str, Any]

QUIET_FLOWS = frozenset({"build", "verify"})  # they change nothing
ENDS: dict[str, Occasion] = {
    "live": "live",
    "undone": "undone",
    "rejected": "rejected",
    "expired": "expired",
    "failed": "failed",
    "refused": "failed",
    "errored": "failed",
    "cancelled": "cancelled",
}


def _always(occasion: Occasion) -> Callable[[Body], Occasion | None]:
    return lambda body: occasion


TABLE: dict[str, Callable[[Body], Occasion | None]] = {
    "release.created": lambda body: None if body.get("flow") in QUIET_FLOWS else "started",
    "approval.asked": _always("approval-needed"),
    "approval.reminded": _always("reminder"),
    "approval.escalated": _always("escalated"),
    "release.held": _always("hold"),
    "release.let_go": _always("let-go"),
    "freeze.overridden": _always("overridden"),
    "trouble.asked": _always("trouble"),
    "release.ended": lambda body: ENDS.get(str(body.get("end"))),
    "review.opened": _always("review"),
    "review.closed": _always("review"),
}
"""What each kind is told as. That an approval expired is told by the end of its release, once."""

AGAIN = frozenset({"approval.asked"})  # written anew for each answer
PASSING = frozenset({"number", "key", "question", "brief", "at", "said", "missing", "from", "next", "until"})


def is_told(kind: str) -> bool:
    """Tell whether events of a kind are told at all."""
    return kind in TABLE


def occasions_of(event: Event, created: Event, earlier: Iterable[Event] = ()) -> frozenset[Occasion]:
    """Say on which occasions an event is told; none when one of the `earlier` said the same already."""
    tell = TABLE.get(event.kind)
    occasion = tell(event.body) if tell else None
    if occasion is None or (event.kind in AGAIN and _was_said(event, earlier)):
        return frozenset()
    return frozenset({occasion, "emergency"} if emergency_of(created.body) else {occasion})


def due(
    event: Event,
    created: Event,
    channels: Iterable[BlockChannel | WebhookChannel],
    earlier: Iterable[Event] = (),
) -> tuple[BlockChannel | WebhookChannel, ...]:
    """Name the channels on which an event is told."""
    found: Collection[Occasion] = occasions_of(event, created, earlier)
    return tuple(each for each in channels if not set(each.events).isdisjoint(found))


def _was_said(event: Event, earlier: Iterable[Event]) -> bool:
    """Tell whether the same was asked before; what only says when or how often is no difference.

    What was said before something fell at that gate, or before the time until which it was put off has come,
    was of another wait: people are told anew.
    """
    here = [each for each in earlier if each.number < event.number and _gate(each) == _gate(event)]
    fallen = max((number for number, each in enumerate(here, 1) if each.kind == "approval.void"), default=0)
    since = here[fallen:]
    later = put_off(since)
    return any(
        each.kind == event.kind and _kernel(each) == _kernel(event)
        for each in since
        if later is None or not each.at < later <= event.at
    )


def _gate(event: Event) -> Any:
    return event.body.get("gate")


def _kernel(event: Event) -> Body:
    return {name: value for name, value in event.body.items() if name not in PASSING}
