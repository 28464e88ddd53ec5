"""Leases: one holder at any time, tokens that only grow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseHeld, LeaseLost
from sendoff.ledger.ledger import TERM
from sendoff.ledger.models import Lease

PLACE = "storefront/production"


def outcome(action: Callable[[], Lease]) -> Lease | None:
    try:
        return action()
    except PolicyRefused:
        return None


def test_the_same_release_gets_it_anew(ledger: Ledger) -> None:
    """A run that goes on in another process has its lease at once; the larger number fences the old one."""
    first = ledger.take_lease(PLACE, "r1", "ada", "release 2.4.1")
    again = ledger.take_lease(PLACE, "r1", "ada", "release 2.4.1")
    assert (again.release, again.token, again.since) == ("r1", first.token + 1, first.since)
    assert [event.kind for event in ledger.events()] == ["lease.taken", "lease.resumed"]
    with pytest.raises(
        LeaseLost, match=r"held by ada under number 2, .* expected to hold it under number 1"
    ) as fenced:
        ledger.renew(first)
    assert fenced.value.is_by_itself


def test_it_is_taken_anew_by_who_holds_it(ledger: Ledger) -> None:
    """A process may fence others that work under its number; one that was replaced may not."""
    first = ledger.take_lease(PLACE, "r1", "ada", "release 2.4.1")
    second = ledger.take_anew(first)
    assert second.token == first.token + 1
    assert second.model_dump(exclude={"token", "expires"}) == first.model_dump(exclude={"token", "expires"})
    with pytest.raises(LeaseLost):
        ledger.take_anew(first)
    assert ledger.leases() == (second,)


def test_what_is_written_under_a_lease(ledger: Ledger) -> None:
    """Who does not hold the lease any more writes nothing; who holds it does."""
    old = ledger.take_lease(PLACE, "r1", "ada", "release")
    ledger.append("r1", "step.done", "ada", {}, under=old)
    new = ledger.take_lease(PLACE, "r1", "ada", "release")
    with pytest.raises(LeaseLost):
        ledger.append("r1", "step.done", "ada", {}, under=old)
    assert not ledger.give_back(PLACE, "r1", "ada", token=old.token)
    ledger.append("r1", "step.done", "ada", {}, under=new)
    assert ledger.give_back(PLACE, "r1", "ada", token=new.token)
    with pytest.raises(LeaseLost, match="held by nobody") as fenced:
        ledger.append("r1", "step.done", "ada", {}, under=new)
    assert not fenced.value.is_by_itself
    assert len(ledger.events(kinds=("step.done",))) == 2


def test_taken_over_only_after_it_has_expired(ledger: Ledger) -> None:
    """The clock moves a second at every look: a term of ten is kept by renewing it, and lost without."""
    term = timedelta(seconds=10)
    lease = ledger.take_lease(PLACE, "r1", "ada", "release", term)
    for _ in range(20):
        lease = ledger.renew(lease, term)
    with pytest.raises(LeaseHeld, match="expected one that has expired"):
        ledger.take_over(PLACE, "r2", "bob", "r1 is dead", "r1")
    for _ in range(10):
        ledger.append("r2", "step.done", "bob", {})
    assert ledger.take_over(PLACE, "r2", "bob", "r1 is dead", "r1").token == lease.token + 1


def test_kept_while_it_waits(ledger: Ledger) -> None:
    """A lease without a term needs no renewal; whoever knows that its run is over can take it over."""
    lease = ledger.renew(ledger.take_lease(PLACE, "r1", "ada", "release"), None)
    assert ledger.leases() == (lease,)
    assert lease.expires is None
    with pytest.raises(LeaseHeld):
        ledger.take_lease(PLACE, "r2", "bob", "release")
    assert ledger.take_over(PLACE, "r2", "bob", "cancelled", "r1").expires is not None


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
    ledger.renew(before, None)
    after = ledger.take_over(PLACE, "r2", "bob", "r1 is dead", "r1")
    assert (after.release, after.token) == ("r2", before.token + 1)
    recorded = ledger.last(kinds=("lease.taken_over",))
    assert recorded
    assert recorded.body == {"resource": PLACE, "token": 2, "why": "r1 is dead", "from_release": "r1"}


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
    """Any order of taking, renewing, giving back, taking over and waiting, against a model of one holder."""

    releases = st.sampled_from(["r1", "r2", "r3"])

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.ledger = Ledger.open(f"sqlite:///{self.folder.name}/ledger.db", clock=lambda: self.now)
        self.holder: Lease | None = None
        self.token = 0
        self.old: list[Lease] = []

    @rule(release=releases)
    def take(self, release: str) -> None:
        taken = outcome(lambda: self.ledger.take_lease(PLACE, release, "ada", "why"))
        if self.holder is None or release == self.holder.release:
            self.is_new(taken, release)
        else:
            assert taken is None

    @rule(release=releases, before=releases)
    def take_over(self, release: str, before: str) -> None:
        taken = outcome(lambda: self.ledger.take_over(PLACE, release, "ada", "why", before))
        held = self.holder
        if held and held.release == before and (held.expires is None or held.expires <= self.now):
            self.is_new(taken, release)
        else:
            assert taken is None

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(term=st.sampled_from([None, TERM]))
    def renew(self, term: timedelta | None) -> None:
        if self.holder:
            self.holder = self.ledger.renew(self.holder, term)
            assert self.holder.expires == (self.now + term if term else None)

    @rule()
    def everyone_before_is_fenced(self) -> None:
        for lease in self.old:
            with pytest.raises(LeaseLost):
                self.ledger.renew(lease)
            with pytest.raises(LeaseLost):
                self.ledger.append(lease.release, "step.done", "ada", {}, under=lease)

    @rule(release=releases)
    def give_back(self, release: str) -> None:
        held = self.holder is not None and self.holder.release == release
        assert self.ledger.give_back(PLACE, release, "ada") == held
        if held and self.holder:
            self.old.append(self.holder)
            self.holder = None

    @invariant()
    def one_holder(self) -> None:
        assert self.ledger.leases() == ((self.holder,) if self.holder else ())

    def is_new(self, taken: Lease | None, release: str) -> None:
        assert taken
        assert taken.release == release
        assert taken.token > self.token
        self.old += [self.holder] if self.holder else []
        self.holder, self.token = taken, taken.token

    def teardown(self) -> None:
        assert self.ledger.verify() is None
        assert Path(self.folder.name, "ledger.db").exists()
        self.ledger.close()
        self.folder.cleanup()


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
