"""The database behind a URL: what all have in common; the rest stands in a module for each kind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from sendoff.errors import BadInput, Problem, StepErrored
from sendoff.ledger import postgresql, sqlite
from sendoff.ledger.patience import Away


class Kind(Protocol):
    """What differs between databases."""

    def engine(self, url: URL) -> Engine:
        """Open it."""

    def begin(self, connection: Connection, *, writes: bool) -> None:
        """Begin a transaction; of those that write, one at a time."""

    def is_away(self, engine: Engine, error: DBAPIError) -> bool:
        """Tell whether an error is one that passes when the database is back."""


KINDS: dict[str, Kind] = {"sqlite": sqlite, "postgresql": postgresql}
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def connect(url: str) -> Engine:
    """Open a database; an SQLite file is made when there is none."""
    parsed = _parse(url)
    kind = _kind(parsed)
    try:
        engine = kind.engine(parsed)
    except (OSError, sqlite3.Error) as error:
        raise StepErrored(
            f"ledger {_shown(parsed)}: {error}, expected a file to read and write; mend it"
        ) from error

    def begin(connection: Connection) -> None:
        kind.begin(connection, writes=connection.get_execution_options().get("writes", False))

    event.listen(engine, "begin", begin)
    return engine


def exists(url: str) -> bool:
    """Tell whether there is a ledger to read; only a file can be known to be missing."""
    parsed = _parse(url)
    return parsed.get_backend_name() != "sqlite" or sqlite.file(parsed).exists()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read in one transaction: all of it is of one moment. Away when the database is not there."""
    with _reported(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction that no other writer overlaps, in this process or any other.

    Away when the database is not there; when it went at the end, it may have been written.
    """
    with _reported(engine), engine.execution_options(writes=True).begin() as connection:
        yield connection


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _bad("not a database URL that is known") from error
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise _bad(f"{parsed.drivername!r} is nothing that a ledger can be kept in")
    if driver == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise _bad("it would be kept in memory and be lost")
    return parsed.set(drivername=driver)


def _bad(what: str) -> BadInput:
    known = "one such as 'sqlite:////srv/sendoff/ledger.db' or 'postgresql://sendoff@db.example/ledger'"
    return BadInput([Problem("ledger", 0, "URL", what, known)])


def _kind(url: URL) -> Kind:
    return KINDS[url.get_backend_name()]


def _shown(url: URL) -> str:
    """Show a URL without what may be secret: its password, also one that stands after the question mark."""
    return url.set(query={}).render_as_string(hide_password=True)


@contextmanager
def _reported(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        where = f"ledger {_shown(engine.url)}"
        what = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".?")
        if isinstance(error, DBAPIError) and _kind(engine.url).is_away(engine, error):
            raise Away(where, what) from error
        raise StepErrored(f"{where}: {what}, expected to read and write it; try again") from error
