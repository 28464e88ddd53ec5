"""Errors go from one process to another as what came of a step."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from sendoff.errors import (
    BadInput,
    CheckFailed,
    CommandFailed,
    HostUnreachable,
    PolicyRefused,
    Problem,
    SendoffError,
)
from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import Lease

LEASE = Lease(
    resource="shop/live", release="r1", token=1, actor="ada", why="w", since=datetime(2026, 1, 1, tzinfo=UTC)
)


@pytest.mark.parametrize(
    "error",
    [
        CheckFailed("not good"),
        HostUnreachable("away"),
        PolicyRefused("no"),
        CommandFailed("a", ("restart", "now"), 3, "first\nlast"),
        BadInput([Problem("release.yaml", 3, "owner", "is missing", "a text")]),
        LeaseHeld(LEASE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_it_arrives_as_it_was(error: SendoffError) -> None:
    """Kind, words and what else it tells are the same there, whatever it was made of."""
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 -- it was written on the same line
    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)
