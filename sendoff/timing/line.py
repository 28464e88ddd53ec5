"""The stopped line, from the ledger: who stopped what, until somebody lets it go. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sendoff.ledger.models import Event, Kind
from sendoff.timing.rules import Stop

LINE = "line"  # stands for a run in the ledger: the line belongs to none
KINDS: tuple[Kind, ...] = ("line.stopped", "line.let_go")


def stops(events: Iterable[Event]) -> tuple[Stop, ...]:
    """Tell what is stopped; events come oldest first, others than of the line are passed over."""
    open_now: dict[tuple[str, str], Stop] = {}
    for event in events:
        where = (event.body.get("application") or "", event.body.get("environment") or "")
        if event.kind == "line.stopped":
            open_now[where] = Stop(
                reason=str(event.body.get("reason")),
                owner=event.actor,
                since=event.at,
                application=where[0],
                environment=where[1],
            )
        elif event.kind == "line.let_go":
            open_now.pop(where, None)
    return tuple(open_now.values())


def reaches(stop: Stop, application: str, environment: str) -> bool:
    """Tell whether a stop is for an environment."""
    return stop.application in ("", application) and stop.environment in ("", environment)
