"""How often it is tried, how long is waited, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from sendoff.errors import StepErrored
from sendoff.ledger.patience import Away, Patience


@dataclass
class Time:
    """Time that passes only while somebody waits."""

    waited: list[float] = field(default_factory=list)

    def patience(self, seconds: float, chance: float = 1.0) -> Patience:
        return Patience(seconds, lambda: sum(self.waited), self.waited.append, lambda: chance)


@dataclass
class Database:
    """A database that is away for the first tries."""

    away: int
    tries: int = 0

    def work(self) -> str:
        self.tries += 1
        if self.tries <= self.away:
            raise Away("ledger postgresql://db", "connection refused")
        return "done"


def test_no_wait_when_all_is_well() -> None:
    """What works at once costs nothing."""
    time = Time()
    assert time.patience(120).attempt(Database(away=0).work) == "done"
    assert time.waited == []


def test_waits_longer_each_time() -> None:
    """Pauses double, up to five seconds."""
    time = Time()
    assert time.patience(120).attempt(Database(away=9).work) == "done"
    assert time.waited == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0])


def test_pauses_are_spread() -> None:
    """Chance makes a pause shorter, by half at most."""
    time = Time()
    time.patience(120, chance=0.0).attempt(Database(away=2).work)
    assert time.waited == pytest.approx([0.05, 0.1])


def test_a_minute_is_outlasted() -> None:
    """A database that is away for a minute is not noticed by who waits two."""
    time, database = Time(), Database(away=10**6)

    def back_after_a_minute() -> str:
        return "done" if sum(time.waited) > 60 else database.work()

    assert time.patience(120).attempt(back_after_a_minute) == "done"
    assert sum(time.waited) < 66


def test_given_up_at_the_deadline() -> None:
    """It is an error in words, and nobody waits longer than was said."""
    time = Time()
    with pytest.raises(StepErrored) as error:
        time.patience(30).attempt(Database(away=10**6).work)
    assert str(error.value) == (
        "ledger postgresql://db: connection refused, expected it back within 30 s; "
        "see that its database runs, and try again"
    )
    assert 25 < sum(time.waited) <= 30


def test_other_errors_are_not_waited_for() -> None:
    """Only a database that is away can come back."""
    time = Time()

    def broken() -> None:
        raise StepErrored("ledger: no such table, expected to read and write it; try again")

    with pytest.raises(StepErrored, match="no such table"):
        time.patience(120).attempt(broken)
    assert time.waited == []


def test_each_wait_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Who looks on learns why nothing happens."""
    Time().patience(120).attempt(Database(away=1).work)
    assert caplog.messages == ["ledger postgresql://db: connection refused; trying again in 0.1 s"]
