"""How a release stands, from its events, as far as it matters to when it may ship. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sendoff.ledger.models import Event

HELD = ("release", "deploy", "go-live")  # a rollback puts back, and the other flows change nothing


def may_be_held(events: Sequence[Event]) -> bool:
    """Tell whether windows, freezes and the line reach a release: what puts back is never held."""
    undoing = any(each.kind == "release.undoing" for each in events)
    return events[0].body.get("flow", "release") in HELD and not undoing
