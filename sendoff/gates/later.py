"""When "later" is, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic_core import PydanticCustomError

from sendoff.report.words import moment
from sendoff.spec.words import seconds

LONGEST = timedelta(days=30)
EXPECTED = "a while such as 30m, 2h or 1d, or a time such as 2026-12-01T09:00 (UTC)"


def read_later(typed: str, now: datetime) -> datetime:
    """Read it; ValueError tells what was wrong, and what was expected."""
    text = typed.strip()
    if not text:
        raise ValueError(f"nobody said when 'later' is, expected {EXPECTED}; write it in 'until'")
    at = _after(text, now) or _at(text)
    if at is None:
        raise ValueError(f"{text!r} is no time, expected {EXPECTED}; write it in 'until' again")
    if not now < at <= now + LONGEST:
        which = "over already" if at <= now else "too far away"
        raise ValueError(
            f"{text!r} is {which}, expected a time between now and {moment(now + LONGEST)}; choose another"
        )
    return at


def _after(text: str, now: datetime) -> datetime | None:
    try:
        return now + timedelta(seconds=float(seconds(text)))
    except (PydanticCustomError, OverflowError):
        return None


def _at(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
