"""Leases: one holder at any time, tokens that only grow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import Lease

PLACE = "storefront/production"


def outcome(action: Callable[[], Lease]) -> Lease | None:
    try:
        return action()
    except PolicyRefused:
        return None


def test_the_same_release_gets_the_same_lease(ledger: Ledger) -> None:
    """Taking what one holds already changes nothing."""
    first = ledger.take_lease(PLACE, "r1", "ada", "release 2.4.1")
    assert ledger.take_lease(PLACE, "r1", "bob", "again") == first
    assert len(ledger.events(kinds=("lease.taken",))) == 1


def test_held_by_another(ledger: Ledger) -> None:
    """The refusal says who holds it, since when, why, and what to do; it carries the lease."""
    held = ledger.take_lease(PLACE, "r1", "ada", "release 2.4.1")
    with pytest.raises(LeaseHeld) as refused:
        ledger.take_lease(PLACE, "r2", "bob", "release 2.4.2")
    assert str(refused.value) == (
        "production of storefront: held by ada since 2026-03-01 10:30 UTC for 'release 2.4.1', "
        "expected nobody; wait for it (sendoff watch r1), or free it: sendoff unlock storefront/production"
    )
    assert refused.value.lease == held


def test_a_refused_lease_leaves_no_event(ledger: Ledger) -> None:
    """Who does not get a lease does not write to the ledger."""
    ledger.take_lease(PLACE, "r1", "ada", "release 2.4.1")
    with pytest.raises(LeaseHeld):
        ledger.take_lease(PLACE, "r2", "bob", "release 2.4.2")
    assert len(ledger.events()) == 1


def test_tokens_grow_after_it_was_given_back(ledger: Ledger) -> None:
    """A number is never given out twice, also to the same release."""
    first = ledger.take_lease(PLACE, "r1", "ada", "release")
    assert ledger.give_back(PLACE, "r1", "ada", "done")
    assert ledger.leases() == ()
    assert ledger.take_lease(PLACE, "r1", "ada", "release").token == first.token + 1


def test_giving_back_what_another_holds(ledger: Ledger) -> None:
    """Only the holder gives back; anyone else changes nothing."""
    held = ledger.take_lease(PLACE, "r1", "ada", "release")
    assert not ledger.give_back(PLACE, "r2", "bob")
    assert not ledger.give_back("storefront/staging", "r2", "bob")
    assert ledger.leases() == (held,)


def test_take_over(ledger: Ledger) -> None:
    """The lease goes from one release to another in one step, under a larger token, and that is recorded."""
    before = ledger.take_lease(PLACE, "r1", "ada", "release")
    after = ledger.take_over(PLACE, "r2", "bob", "r1 is dead", "r1")
    assert (after.release, after.token) == ("r2", before.token + 1)
    recorded = ledger.last(kinds=("lease.taken_over",))
    assert recorded
    assert recorded.body == {"resource": PLACE, "token": 2, "why": "r1 is dead", "from_release": "r1"}
    assert ledger.take_over(PLACE, "r2", "bob", "again", "r1") == after


def test_take_over_from_the_wrong_one(ledger: Ledger) -> None:
    """Whoever does not know the holder does not take over."""
    with pytest.raises(PolicyRefused, match="held by nobody, expected release 'r1' to hold it"):
        ledger.take_over(PLACE, "r2", "bob", "r1 is dead", "r1")
    held = ledger.take_lease(PLACE, "r3", "ada", "release")
    with pytest.raises(LeaseHeld, match=r"held by ada .* expected release 'r1'"):
        ledger.take_over(PLACE, "r2", "bob", "r1 is dead", "r1")
    assert ledger.leases() == (held,)


def test_of_eight_threads_one_gets_it(ledger: Ledger) -> None:
    """Eight threads want it at once: one wins."""
    with ThreadPoolExecutor(8) as pool:
        taken = pool.map(lambda n: outcome(lambda: ledger.take_lease(PLACE, f"r{n}", "ada", "why")), range(8))
        winners = [lease for lease in taken if lease]
    assert tuple(winners) == ledger.leases()


class Leases(RuleBasedStateMachine):
    """Any order of taking, giving back and taking over, against a model of one holder."""

    releases = st.sampled_from(["r1", "r2", "r3"])

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ledger = Ledger.open(f"sqlite:///{self.folder.name}/ledger.db")
        self.holder: Lease | None = None
        self.token = 0

    @rule(release=releases)
    def take(self, release: str) -> None:
        taken = outcome(lambda: self.ledger.take_lease(PLACE, release, "ada", "why"))
        if self.holder is None:
            self.is_new(taken, release)
        else:
            assert taken == (self.holder if release == self.holder.release else None)

    @rule(release=releases, before=releases)
    def take_over(self, release: str, before: str) -> None:
        taken = outcome(lambda: self.ledger.take_over(PLACE, release, "ada", "why", before))
        if self.holder and self.holder.release == release:
            assert taken == self.holder
        elif self.holder and self.holder.release == before:
            self.is_new(taken, release)
        else:
            assert taken is None

    @rule(release=releases)
    def give_back(self, release: str) -> None:
        held = self.holder is not None and self.holder.release == release
        assert self.ledger.give_back(PLACE, release, "ada") == held
        self.holder = None if held else self.holder

    @invariant()
    def one_holder(self) -> None:
        assert self.ledger.leases() == ((self.holder,) if self.holder else ())

    def is_new(self, taken: Lease | None, release: str) -> None:
        assert taken
        assert taken.release == release
        assert taken.token > self.token
        self.holder, self.token = taken, taken.token

    def teardown(self) -> None:
        assert self.ledger.verify() is None
        assert Path(self.folder.name, "ledger.db").exists()
        self.ledger.close()
        self.folder.cleanup()


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
