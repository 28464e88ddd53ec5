"""What is printed on, and how times are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sendoff.cli.terminal import alarming, told

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_today_is_told_by_the_clock() -> None:
    """What is of today needs no date; local time is used."""
    assert told(NOW, NOW) == NOW.astimezone().strftime("%H:%M")


def test_other_days_are_told_with_the_date() -> None:
    """What is older is told with its date."""
    before = NOW - timedelta(days=3)
    assert told(before, NOW) == before.astimezone().strftime("%Y-%m-%d %H:%M")


def test_an_emergency_is_in_red() -> None:
    """The word itself, and nothing else."""
    shown = alarming("EMERGENCY: shop 2 to live")
    assert shown.plain == "EMERGENCY: shop 2 to live"
    assert [(shown.plain[span.start : span.end], str(span.style)) for span in shown.spans] == [
        ("EMERGENCY", "bold red")
    ]
