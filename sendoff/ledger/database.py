"""The database behind a URL; what differs between databases stands here and nowhere else."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from sendoff.errors import BadInput, Problem, StepErrored

BUSY = 60.0  # seconds to wait for another writer; each holds on for milliseconds
POSTGRESQL_LOCK = 7_365_646_666  # any number that nothing else locks in that database


def connect(url: str) -> Engine:
    """Open a database; an SQLite file is made when there is none."""
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        return _engine(parsed)
    try:
        _prepare(_file(parsed))
    except (OSError, sqlite3.Error) as error:
        raise StepErrored(
            f"ledger {_shown(parsed)}: {error}, expected a file to read and write; mend it"
        ) from error
    engine = _engine(parsed, connect_args={"timeout": BUSY})
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)
    return engine


def exists(url: str) -> bool:
    """Tell whether there is a ledger to read; only a file can be known to be missing."""
    parsed = _parse(url)
    return parsed.get_backend_name() != "sqlite" or _file(parsed).exists()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Read in one transaction: all of it is of one moment."""
    with _reported(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write in one transaction that no other writer overlaps, in this process or any other."""
    with _reported(engine), engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": POSTGRESQL_LOCK})
        yield connection


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _bad("not a database URL that is known") from error
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise _bad("it would be kept in memory and be lost")
    return parsed


def _bad(what: str) -> BadInput:
    return BadInput([Problem("ledger", 0, "URL", what, "one such as 'sqlite:////srv/sendoff/ledger.db'")])


def _engine(url: URL, **options: Any) -> Engine:
    try:
        return create_engine(url, **options)
    except ImportError as error:
        raise _bad(f"its driver is not installed: {error}") from error


def _file(url: URL) -> Path:
    return Path(url.database or "")


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _prepare(path: Path) -> None:
    """Set write-ahead logging, one process at a time: SQLite does not wait for others here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with closing(sqlite3.connect(path, timeout=BUSY)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    finally:
        os.close(folder)


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    """Take the one write lock at the start: a transaction that reads first could not get it later."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _reported(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        what = getattr(error, "orig", None) or error
        raise StepErrored(
            f"ledger {_shown(engine.url)}: {what}, expected to read and write it; try again"
        ) from error
