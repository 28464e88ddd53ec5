"""What stands above the form of a release that a freeze holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sendoff.ledger.models import Event
from sendoff.report.hold import question
from sendoff.spec.intent import Intent
from sendoff.timing.rules import Reason

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
INTENT = Intent(summary="Faster *search*", reason="asked for", risk="low", requested_by="ada")
FREEZE = Reason(kind="freeze", said="Year end", owner="ops", until=NOON, freeze="1")


def test_question() -> None:
    """What it is about, why it waits, whose freezes these are, and what each answer would do."""
    text = question(
        INTENT, "shop 2 to production", "deploy", "it waits, as it is frozen", [FREEZE], [], "c0dec0de"
    )
    assert text.startswith("## shop 2 to production is held by a freeze\n")
    for part in (
        "**What it is about:** Faster \\*search\\*",
        "**What comes next:** it is put on hosts, without traffic",
        "**Why it waits:** It waits, as it is frozen.",
        "**Code:** c0dec0de, short for these freezes and the plan",
        "- Year end until 2026-11-25 12:00 UTC; owner: **ops**",
        "**ship anyway:** this one release goes on",
    ):
        assert part in text


def event(kind: str, **body: Any) -> Event:
    return Event(number=1, release="r", at=NOON, actor="bob", kind=kind, body=body, previous_hash="", hash="")


def asked(*known: Event) -> str:
    return question(INTENT, "shop 2", "go-live/2", "it waits", [FREEZE], known, "c0dec0de")


def test_answer_that_did_not_count() -> None:
    """It is said first, and only until somebody answers what counts."""
    refused = event("hold.answered", who="bob", counted=False, said="'bob' may not override it")
    first = asked(refused).splitlines()[0]
    assert first == "**The last answer, of bob, did not count: 'bob' may not override it.**"
    nobody = event("hold.answered", who="", counted=False, said="it is forged")
    assert asked(nobody).startswith("**The last answer did not count: it is forged.**")
    assert asked(refused, event("hold.answered", counted=True, said="x")).startswith("## ")


def test_an_override_that_is_void() -> None:
    """Whoever let it through reads why they are asked again."""
    before = event("freeze.overridden", freeze="1", who="ops")
    first = asked(before, event("hold.answered", counted=True, said="x")).splitlines()[0]
    assert first.startswith("**ops overrode the freeze 'Year end' before: that is void, as what would be ")
    assert asked(event("freeze.overridden", freeze="2", who="ops")).startswith("## ")
