"""Who may take an environment over, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Crashed, Running, Suspended

from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseHeld
from tasks import lease as module
from tasks.lease import take_lease

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
PLACE = "shop/live"
TERM = timedelta(seconds=60)


class Clock:
    """Time that only a test moves."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def wait(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=clock.wait, monotonic=clock.seconds))
    return clock


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=clock.now)) as opened:
        opened.take_lease(PLACE, "old", "ada", "release: before", TERM)
        yield opened


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What Prefect says of the run that holds the lease; nothing: it does not know it."""
    says = SimpleNamespace(run=None)
    monkeypatch.setattr(module, "_find", lambda release: says.run)
    return says


def known(state: State[Any], deployed: bool = True) -> Any:
    return SimpleNamespace(state=state, deployment_id="a deployment" if deployed else None)


def take(ledger: Ledger, clock: Clock, release: str = "new") -> Any:
    run: Any = SimpleNamespace(
        id=release,
        flow="release",
        actor="sam",
        ledger=ledger,
        now=clock.now,
        why=SimpleNamespace(summary="something new"),
        place=SimpleNamespace(resource=PLACE),
        settings=SimpleNamespace(lease=TERM),
        say=lambda text: None,
        lease=None,
    )
    take_lease(run).stop()
    return run.lease


def test_its_own_is_taken_anew_at_once(ledger: Ledger, clock: Clock, prefect: SimpleNamespace) -> None:
    """A run that goes on in another process does not wait for the one before it."""
    assert take(ledger, clock, "old").token == 2
    assert clock.at == START


def test_of_a_run_that_was_cancelled(ledger: Ledger, clock: Clock, prefect: SimpleNamespace) -> None:
    """It waits until the lease expires, for its process may be alive; then its end is written down."""
    prefect.run = known(Cancelled())
    assert take(ledger, clock).token == 2
    assert START + TERM <= clock.at < START + TERM + timedelta(seconds=2)
    (ended,) = ledger.events("old", ("release.ended",))
    assert ended.body["end"] == "cancelled"


def test_of_a_suspended_run_that_was_cancelled(
    ledger: Ledger, clock: Clock, prefect: SimpleNamespace
) -> None:
    """No process renews that lease, so nothing has to be waited for."""
    ledger.renew(ledger.leases()[0], None)
    prefect.run = known(Cancelled())
    assert take(ledger, clock).token == 2
    assert clock.at == START


@pytest.mark.parametrize("state", [Running(), Suspended()], ids=lambda state: str(state.name))
@pytest.mark.parametrize("late", [0, 3600])
def test_of_a_run_that_goes_on(
    ledger: Ledger, clock: Clock, prefect: SimpleNamespace, state: State[Any], late: float
) -> None:
    """It is refused, also after the lease expired: the run will be recovered, or waits for people."""
    clock.wait(late)
    prefect.run = known(state)
    with pytest.raises(LeaseHeld, match="held by ada"):
        take(ledger, clock)


def test_of_a_crash_that_is_recovered_meanwhile(
    ledger: Ledger, clock: Clock, prefect: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was over, and then goes on, keeps its environment."""
    states = iter([Crashed(), Crashed(), Running()])
    monkeypatch.setattr(module, "_find", lambda release: known(next(states)))
    with pytest.raises(LeaseHeld):
        take(ledger, clock)


@pytest.mark.parametrize("run", [None, known(Running(), deployed=False)], ids=["unknown", "started by hand"])
def test_of_a_run_that_nobody_goes_on_with(
    ledger: Ledger, clock: Clock, prefect: SimpleNamespace, run: Any
) -> None:
    """While its lease is renewed it lives; once that has expired it is over."""
    prefect.run = run
    with pytest.raises(LeaseHeld):
        take(ledger, clock)
    clock.wait(61)
    assert take(ledger, clock).token == 2


def test_of_an_unknown_run_that_waits_for_people(
    ledger: Ledger, clock: Clock, prefect: SimpleNamespace
) -> None:
    """Another Prefect server may know it: only `sendoff unlock` frees that."""
    ledger.renew(ledger.leases()[0], None)
    clock.wait(86400)
    with pytest.raises(LeaseHeld, match="sendoff unlock shop/live"):
        take(ledger, clock)
