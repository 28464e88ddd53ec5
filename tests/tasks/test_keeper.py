"""A lease that is kept while its process lives, also under a larger number."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseLost
from tasks.keeper import Keeper

TERM = timedelta(seconds=0.3)


def test_the_larger_number_is_renewed(tmp_path: Path) -> None:
    """After it was taken anew, the number before is fenced and the new one does not expire."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    first = ledger.take_lease("shop/live", "r1", "ada", "release", TERM)
    keeper = Keeper(ledger, first, TERM).start()
    second = keeper.take_anew()
    assert second.token == first.token + 1
    with pytest.raises(LeaseLost):
        ledger.renew(first)
    deadline = time.monotonic() + 10
    while ledger.leases()[0].expires == second.expires:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    keeper.stop()


def test_what_another_process_has_is_not_taken_back(tmp_path: Path) -> None:
    """A process that was replaced does not fence the one that goes on."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    keeper = Keeper(ledger, ledger.take_lease("shop/live", "r1", "ada", "release", TERM), TERM)
    other = ledger.take_lease("shop/live", "r1", "ada", "release", TERM)
    with pytest.raises(LeaseLost):
        keeper.take_anew()
    assert ledger.leases() == (other,)
