"""When "later" is, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.gates.later import LONGEST, read_later

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "then"),
    [
        ("2h", NOW + timedelta(hours=2)),
        (" 30m ", NOW + timedelta(minutes=30)),
        ("30d", NOW + timedelta(days=30)),
        ("2026-11-26T09:00", datetime(2026, 11, 26, 9, 0, tzinfo=UTC)),
        ("2026-11-26 09:00", datetime(2026, 11, 26, 9, 0, tzinfo=UTC)),
        ("2026-11-26T09:00+02:00", datetime(2026, 11, 26, 7, 0, tzinfo=UTC)),
        ("2026-11-26T09:00Z", datetime(2026, 11, 26, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_while_or_a_time(typed: str, then: datetime) -> None:
    """Without a zone it is UTC."""
    assert read_later(typed, NOW) == then


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("", "nobody said when 'later' is"),
        ("tomorrow", "'tomorrow' is no time"),
        ("2 hours", "'2 hours' is no time"),
        ("-2h", "'-2h' is no time"),
        ("12", "'12' is no time"),
        ("0h", "'0h' is over already"),
        ("2026-11-25T11:59", "'2026-11-25T11:59' is over already"),
        ("31d", "'31d' is too far away"),
        ("999999d", "'999999d' is too far away"),
        ("9999-12-31T23:59", "'9999-12-31T23:59' is too far away"),
        ("0001-01-01T00:00+14:00", "'0001-01-01T00:00+14:00' is no time"),
    ],
)
def test_what_is_none_says_what_was_expected(typed: str, what: str) -> None:
    """It is told to whoever wrote it."""
    with pytest.raises(ValueError, match="expected") as wrong:
        read_later(typed, NOW)
    assert str(wrong.value).startswith(what)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_told(typed: str) -> None:
    """Nothing else comes of it, and what is read lies ahead."""
    try:
        then = read_later(typed, NOW)
    except ValueError as wrong:
        then, told = None, str(wrong)
    assert NOW < then <= NOW + LONGEST if then else "expected" in told
