"""A lease is renewed while its process lives, and not longer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sendoff.errors import StepErrored
from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseLost
from sendoff.ledger.models import Lease
from tasks.keeper import Keeper

PLACE = "shop/live"
TERM = timedelta(seconds=0.3)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


def held(ledger: Ledger) -> Lease:
    (lease,) = ledger.leases()
    return lease


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def expiry(ledger: Ledger) -> datetime:
    expires = held(ledger).expires
    assert expires
    return expires


def test_renews_while_it_runs(ledger: Ledger) -> None:
    """Its end moves away again and again, until the keeper stops."""
    lease = ledger.take_lease(PLACE, "r1", "ada", "test", TERM)
    keeper = Keeper(ledger, lease, TERM).start()
    first = expiry(ledger)
    until(lambda: expiry(ledger) > first + TERM)
    keeper.stop()
    last = expiry(ledger)
    until(lambda: datetime.now(last.tzinfo) > last + TERM)
    assert expiry(ledger) == last


def test_parks_for_people(ledger: Ledger) -> None:
    """While people decide, in no process, the lease has no end."""
    lease = ledger.take_lease(PLACE, "r1", "ada", "test", TERM)
    Keeper(ledger, lease, TERM).start().park()
    assert held(ledger).expires is None


def test_leaves_what_it_lost(ledger: Ledger) -> None:
    """It neither renews nor parks what the same run has taken anew in another process."""
    lease = ledger.take_lease(PLACE, "r1", "ada", "test", TERM)
    keeper = Keeper(ledger, lease, TERM).start()
    anew = ledger.take_lease(PLACE, "r1", "ada", "test", timedelta(seconds=60))
    keeper.park()
    assert held(ledger) == anew


def test_a_database_that_is_away_is_no_end(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renewal that could not be written is tried again."""
    lease = ledger.take_lease(PLACE, "r1", "ada", "test", TERM)
    renew, tries = ledger.renew, iter([True])

    def first_away(*given: Any) -> Lease:
        if next(tries, False):
            raise StepErrored("the database is away")
        return renew(*given)

    monkeypatch.setattr(ledger, "renew", first_away)
    first = expiry(ledger)
    keeper = Keeper(ledger, lease, TERM).start()
    until(lambda: expiry(ledger) > first)
    keeper.stop()


def test_the_larger_number_is_renewed(ledger: Ledger) -> None:
    """After it was taken anew, the number before is fenced and the new one does not expire."""
    first = ledger.take_lease(PLACE, "r1", "ada", "release", TERM)
    keeper = Keeper(ledger, first, TERM).start()
    second = keeper.take_anew()
    assert second.token == first.token + 1
    with pytest.raises(LeaseLost):
        ledger.renew(first)
    until(lambda: held(ledger).expires != second.expires)
    keeper.stop()


def test_what_another_process_has_is_not_taken_back(ledger: Ledger) -> None:
    """A process that was replaced does not fence the one that goes on."""
    keeper = Keeper(ledger, ledger.take_lease(PLACE, "r1", "ada", "release", TERM), TERM)
    other = ledger.take_lease(PLACE, "r1", "ada", "release", TERM)
    with pytest.raises(LeaseLost):
        keeper.take_anew()
    assert ledger.leases() == (other,)
