"""What people and programs are told."""

from __future__ import annotations

import json
from collections.abc import Callable

from sendoff.ledger.models import Event
from sendoff.telling import notice_of
from sendoff.telling.notice import plain

Story = Callable[..., list[Event]]
LINK = "http://127.0.0.1:4200/runs/flow-run/run-1"
BRIEF = "## Customers pay\\_by invoice\n\n- **Risk:** low\n\n*plan code 1*\n"
ASKED = (
    "approval.asked",
    {"gate": "owner", "plan_digest": "d1", "brief": BRIEF, "until": "2026-03-01T12:00:00Z"},
)
LIVE = ("release.ended", {"end": "live", "said": ""})
FIRE = {"skip": ["owner", "ops"], "reason": "The shop is down"}


def test_an_approval_is_asked_for_with_link_brief_and_deadline(story: Story) -> None:
    """Whoever reads it knows what it is about, until when, and where to answer."""
    events = story(ASKED)
    notice = notice_of(events, events[1], LINK)
    assert notice.subject == "storefront 2.4.1 to production: approval needed: owner"
    assert "Customers pay_by invoice\n" in notice.text
    assert "- Risk: low" in notice.text
    assert f"Answer here, until 2026-03-01 12:00 UTC: {LINK}" in notice.text


def test_without_a_brief_it_says_what_is_known(story: Story) -> None:
    """Events that an older version has written have none."""
    events = story(("approval.asked", {"gate": "owner"}))
    text = notice_of(events, events[1], LINK).text
    assert "Customers pay by invoice." in text
    assert f"Answer here: {LINK}" in text


def test_an_end_is_told_as_in_the_report(story: Story) -> None:
    """The same sentences, and nothing of what came after it."""
    events = story(LIVE, ("told", {"channel": "team"}))
    notice = notice_of(events, events[1], LINK)
    assert notice.subject == "storefront 2.4.1 to production: live"
    assert "Storefront 2.4.1 is live in production." in notice.text
    assert notice.text.endswith(f"Its page: {LINK}")


def test_an_emergency_says_so_everywhere(story: Story) -> None:
    """In the subject, at the top, and as data."""
    events = story(LIVE, emergency=FIRE)
    notice = notice_of(events, events[1], LINK)
    assert notice.subject.startswith("EMERGENCY: storefront 2.4.1")
    assert notice.text.startswith("EMERGENCY: this release skips owner and ops. Why: The shop is down.")
    assert notice.data["emergency"] is True


def test_data_for_programs(story: Story) -> None:
    """All that a program needs, under the hash of the event; nothing large, and no configuration."""
    events = story(LIVE)
    first, last = (notice_of(events, event, LINK) for event in events)
    assert json.loads(last.json_bytes) == last.data
    assert (last.key, last.data["id"]) == (events[1].hash, events[1].hash)
    assert {last.data[name] for name in ("kind", "occasion", "application", "environment", "version")} == {
        "release.ended", "live", "storefront", "production", "2.4.1",
    }  # fmt: skip
    assert last.data["details"] == {"end": "live", "said": ""}
    assert first.data["why"]["tickets"] == ["SHOP-1"]
    assert b"never told" not in first.json_bytes


def test_plain_text() -> None:
    """Markdown marks are gone, and what people typed is as they typed it."""
    text = (
        "## \\*x\\* and 2 \\* 3\n\n**Expected:** a\\_b\n\n| a \\| b | c |\n| --- | --- |\n\n*plan code 1*\n"
    )
    assert plain(text) == "*x* and 2 * 3\n\nExpected: a_b\n\n| a | b | c |\n\nplan code 1"


def test_a_release_without_a_page(story: Story) -> None:
    """One that was started in a terminal, on no server, is followed there."""
    events = story(LIVE)
    notice = notice_of(events, events[1], "")
    assert notice.text.endswith("It has no page; in a terminal: sendoff watch run-1")
    assert notice.data["link"] == ""
