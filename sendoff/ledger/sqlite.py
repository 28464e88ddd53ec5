"""SQLite: one file, written by one at a time; readers do not wait."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

BUSY = 60.0  # seconds to wait for another writer; each holds on for milliseconds


def engine(url: URL) -> Engine:
    """Open the file, made when there is none; OSError or sqlite3.Error when that cannot be."""
    _prepare(file(url))
    opened = create_engine(url, connect_args={"timeout": BUSY})
    event.listen(opened, "connect", _leave_transactions_to_us)
    return opened


def file(url: URL) -> Path:
    """Tell which file a URL means."""
    return Path(url.database or "")


def begin(connection: Connection, *, writes: bool) -> None:
    """Take the one write lock at the start: a transaction that reads first could not get it later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def is_away(_engine: Engine, error: DBAPIError) -> bool:
    """Tell whether somebody held the lock for too long."""
    return getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY")


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
