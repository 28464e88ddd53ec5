"""Write once, also when it is not known whether the last try was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection, select

from sendoff.ledger.models import Event
from sendoff.ledger.tables import events
from sendoff.ledger.writing import Writing

T = TypeVar("T")


class Once(Generic[T]):
    """Work to try until it is written: a try looks first whether the one before had been after all.

    Known by the hash of its last event, which no other event has. Work that appends none is done again,
    so it has to come to the same.
    """

    def __init__(self, work: Callable[[Writing], T]) -> None:
        self._work = work
        self._before: tuple[Event, T] | None = None

    def attempt(self, writing: Writing) -> T:
        """Do the work, or return what it came to when it is found in the ledger."""
        if self._before and _is_there(writing.connection, self._before[0]):
            return self._before[1]
        result = self._work(writing)
        if writing.appended:
            self._before = writing.appended[-1], result
        return result


def _is_there(connection: Connection, event: Event) -> bool:
    return connection.scalar(select(events.c.hash).where(events.c.number == event.number)) == event.hash
