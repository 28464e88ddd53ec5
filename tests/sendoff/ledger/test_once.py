"""Trying again what may have been written: it is written once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime

import pytest
from sqlalchemy import Engine

from sendoff.ledger import Ledger, database, leases
from sendoff.ledger.models import Event
from sendoff.ledger.once import Once
from sendoff.ledger.writing import Writing

Try = Callable[[], AbstractContextManager[Writing]]


class Lost(Exception):
    """The transaction is undone."""


@pytest.fixture
def engine(ledger: Ledger, url: str) -> Iterator[Engine]:
    opened = database.connect(url)
    yield opened
    opened.dispose()


@pytest.fixture
def transaction(engine: Engine, clock: Callable[[], datetime]) -> Try:
    @contextmanager
    def begin() -> Iterator[Writing]:
        with database.writing(engine) as connection:
            yield Writing(connection, clock, str)

    return begin


def record(writing: Writing) -> Event:
    return writing.append("r1", "step.done", "ada", {"action": "deploy"})


def attempt_and_lose(once: Once[Event], transaction: Try) -> None:
    with suppress(Lost), transaction() as writing:
        once.attempt(writing)
        raise Lost


def test_found(ledger: Ledger, transaction: Try) -> None:
    """What had been written after all is returned, and not written again."""
    once = Once(record)
    with transaction() as writing:
        written = once.attempt(writing)
    with transaction() as writing:
        assert once.attempt(writing) == written
    assert ledger.events() == (written,)


def test_not_found(ledger: Ledger, transaction: Try) -> None:
    """What had not been written is written, as often as it takes."""
    once = Once(record)
    attempt_and_lose(once, transaction)
    attempt_and_lose(once, transaction)
    with transaction() as writing:
        written = once.attempt(writing)
    assert ledger.events() == (written,)


def test_another_event_in_its_place(ledger: Ledger, transaction: Try) -> None:
    """What somebody else has written under that number meanwhile is not taken for it."""
    once = Once(record)
    attempt_and_lose(once, transaction)
    ledger.append("r1", "step.done", "ada", {"action": "deploy"})
    with transaction() as writing:
        assert once.attempt(writing).number == 2


def test_a_lease_and_its_event(ledger: Ledger, transaction: Try) -> None:
    """A lease is found by the event that was written with it."""
    once = Once(lambda writing: leases.give_back(writing, "storefront/production", "r1", "ada", "done"))
    ledger.take_lease("storefront/production", "r1", "ada", "release")
    with transaction() as writing:
        assert once.attempt(writing)
    with transaction() as writing:
        assert once.attempt(writing)
    assert len(ledger.events(kinds=("lease.given_back",))) == 1


def test_work_that_writes_nothing_is_done_again(transaction: Try) -> None:
    """There is nothing to find, and nothing to do twice."""
    once = Once(lambda writing: leases.give_back(writing, "storefront/production", "r1", "ada", "done"))
    for _ in range(2):
        with transaction() as writing:
            assert not once.attempt(writing)
