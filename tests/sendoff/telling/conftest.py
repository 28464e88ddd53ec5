"""Events of a release, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.ledger.models import GENESIS, Event

WHY = {
    "summary": "Customers pay by invoice",
    "reason": "The contract starts on Monday",
    "risk": "low",
    "requested_by": "robin",
    "tickets": ["SHOP-1"],
}
CREATED = {
    "flow": "release",
    "application": "storefront",
    "environment": "production",
    "version": "2.4.1",
    "why": WHY,
    "config": {"secretive": "never told"},
}


@pytest.fixture
def story() -> Callable[..., list[Event]]:
    """Make a release of kinds and bodies; its first event is `release.created`."""

    def make(*more: tuple[str, dict[str, Any]], **why: Any) -> list[Event]:
        events: list[Event] = []
        first = ("release.created", {**CREATED, "why": {**WHY, **why}})
        for number, (kind, body) in enumerate((first, *more), 1):
            bare = Event(
                number=number,
                release="run-1",
                at=datetime(2026, 3, 1, 10, 0, tzinfo=UTC) + timedelta(minutes=number),
                actor="robin",
                kind=kind,
                body=body,
                previous_hash=events[-1].hash if events else GENESIS,
                hash="",
            )
            events.append(bare.model_copy(update={"hash": bare.seal()}))
        return events

    return make
