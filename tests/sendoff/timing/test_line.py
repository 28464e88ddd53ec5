"""What is stopped, from the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendoff.ledger.models import Event
from sendoff.timing.line import reaches, stops

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def event(kind: str, application: str = "", environment: str = "", **more: Any) -> Event:
    body = {"application": application, "environment": environment, "reason": "why", **more}
    return Event(
        number=1, release="line", at=NOW, actor="ada", kind=kind, body=body, previous_hash="", hash=""
    )


def test_stopped_until_let_go() -> None:
    """Each is let go for just what it was stopped for."""
    events = [event("line.stopped"), event("line.stopped", "shop"), event("line.let_go")]
    assert [(each.application, each.owner) for each in stops(events)] == [("shop", "ada")]


def test_letting_go_what_goes() -> None:
    """It does nothing, nor do events of releases."""
    assert stops([event("line.let_go"), event("release.held")]) == ()


def test_stopped_again() -> None:
    """Whoever stopped it last is the one to ask."""
    again = event("line.stopped", reason="another outage")
    assert [each.reason for each in stops([event("line.stopped"), again])] == ["another outage"]


def test_reaches() -> None:
    """A stop without names is for all."""
    (everything,) = stops([event("line.stopped")])
    (shop,) = stops([event("line.stopped", "shop")])
    (production,) = stops([event("line.stopped", "", "production")])
    assert [reaches(each, "shop", "test") for each in (everything, shop, production)] == [True, True, False]
    assert [reaches(each, "blog", "production") for each in (everything, shop, production)] == [
        True,
        False,
        True,
    ]
