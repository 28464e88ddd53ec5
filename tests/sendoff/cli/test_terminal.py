"""What is printed on, and how times are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sendoff.cli.terminal import told

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_today_is_told_by_the_clock() -> None:
    """What is of today needs no date; local time is used."""
    assert told(NOW, NOW) == NOW.astimezone().strftime("%H:%M")


def test_other_days_are_told_with_the_date() -> None:
    """What is older is told with its date."""
    before = NOW - timedelta(days=3)
    assert told(before, NOW) == before.astimezone().strftime("%Y-%m-%d %H:%M")
