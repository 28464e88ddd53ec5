"""What stands above the form of a release that a freeze holds."""

from __future__ import annotations

from datetime import UTC, datetime

from sendoff.ledger.models import Event
from sendoff.report.hold import question
from sendoff.spec.intent import Intent
from sendoff.timing.rules import Reason

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
INTENT = Intent(summary="Faster *search*", reason="asked for", risk="low", requested_by="ada")
FREEZE = Reason(kind="freeze", said="Year end", owner="ops", until=NOON, freeze="1")


def test_question() -> None:
    """What it is about, why it waits, whose freezes these are, and what each answer would do."""
    text = question(INTENT, "shop 2 to production", "deploy", "it waits, as it is frozen", [FREEZE], [])
    assert text.startswith("## shop 2 to production is held by a freeze\n")
    for part in (
        "**What it is about:** Faster \\*search\\*",
        "**What comes next:** it is put on hosts, without traffic",
        "**Why it waits:** It waits, as it is frozen.",
        "- Year end until 2026-11-25 12:00 UTC; owner: **ops**",
        "**ship anyway:** this one release goes on",
    ):
        assert part in text


def test_answer_that_did_not_count() -> None:
    """It is said first, and only until somebody answers what counts."""
    said = {"counted": False, "said": "'bob' may not override it"}
    event = Event(
        number=1,
        release="r",
        at=NOON,
        actor="bob",
        kind="hold.answered",
        body=said,
        previous_hash="",
        hash="",
    )
    first = question(INTENT, "shop 2", "go-live/2", "it waits", [FREEZE], [event]).splitlines()[0]
    assert first == "**Your answer did not count: 'bob' may not override it.**"
    fine = event.model_copy(update={"body": {"counted": True, "said": "x"}})
    assert question(INTENT, "shop 2", "go-live/2", "it waits", [FREEZE], [event, fine]).startswith("## ")
