"""The next moment at which a release may ship, and what is lost by then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sendoff.ledger.models import Lease
from sendoff.timing.prospect import Limit, Standing, prospect
from sendoff.timing.rules import Freeze, Rules, Stop

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FROZEN = Rules(freezes=(Freeze(begins=NOON, ends=NOON + 2 * HOUR, owner="ops", reason="Year end"),))


def lock(expires: datetime | None) -> Lease:
    where = {"resource": "shop/production", "release": "r2", "token": 1}
    return Lease.model_validate({**where, "actor": "bob", "why": "w", "since": NOON, "expires": expires})


def approvals(hours: float, gate: str = "owner") -> Limit:
    return Limit(what="approvals", gate=gate, at=NOON + HOUR * hours)


@pytest.mark.parametrize(
    ("rules", "expires", "free"),
    [
        (Rules(), NOON - HOUR, NOON),
        (Rules(), NOON + HOUR / 2, NOON + HOUR / 2),
        (FROZEN, NOON + HOUR, NOON + 2 * HOUR),
        (FROZEN, NOON + 3 * HOUR, NOON + 3 * HOUR),
        (Rules(), None, None),
        (Rules(stops=(Stop(reason="r", owner="ada", since=NOON),)), NOON + HOUR, None),
        (FROZEN, NOON + timedelta(days=500), None),
    ],
    ids=[
        "silent",
        "works",
        "freeze ends later",
        "works longer",
        "waits",
        "stopped",
        "beyond",
    ],
)
def test_lock(rules: Rules, expires: datetime | None, free: datetime | None) -> None:
    """Nothing is changed before another release's lease has expired; one without an end gives no moment."""
    found = prospect(rules, Standing(lock=lock(expires)), NOON)
    assert (found.free, found.moment, found.lost) == (free, free, None)


def test_what_runs_out() -> None:
    """What has run out by the moment leaves none, and the first of it is told; what lasts longer does not."""
    assert prospect(FROZEN, Standing(limits=(approvals(2.1),)), NOON).moment == NOON + 2 * HOUR
    assert prospect(FROZEN, Standing(limits=(approvals(2),)), NOON).lost == approvals(2)
    gate = Limit(what="gate", gate="legal", at=NOON + HOUR)
    found = prospect(FROZEN, Standing(limits=(approvals(2), gate, approvals(1.5))), NOON)
    assert (found.moment, found.free, found.lost) == (None, NOON + 2 * HOUR, gate)


def test_nothing_runs_out_before_a_moment_that_nobody_knows() -> None:
    """While another release waits, it is on that, and on nothing else, when it may ship."""
    found = prospect(Rules(), Standing(lock=lock(None), limits=(approvals(1),)), NOON)
    assert (found.free, found.lost) == (None, None)
