"""The forms that hashes are made of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from sendoff.ledger.models import Break, resource, stamp


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-23, 23))
def test_stamp_is_the_same_moment_in_one_form(naive: datetime, hours: int) -> None:
    """Whatever zone a moment is given in, it is written in UTC with six digits and Z."""
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert datetime.fromisoformat(stamp(at)) == at
    assert len(stamp(at)) == len("2026-03-01T10:30:00.000000Z")


def test_break_reads_as_an_error() -> None:
    """A break says where, what, what was expected and what to do."""
    broken = Break(number=7, what="it is gone", expected="every number")
    assert str(broken).startswith("ledger: event 7: it is gone, expected every number; go back to")


def test_resource() -> None:
    """A lease is held on an environment of an application."""
    assert resource("storefront", "production") == "storefront/production"
