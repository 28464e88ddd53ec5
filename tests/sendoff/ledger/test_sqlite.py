"""An SQLite file whose lock somebody holds for too long."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sendoff.errors import StepErrored
from sendoff.ledger import Ledger, sqlite
from sendoff.ledger.patience import Patience


@pytest.fixture
def other(file: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Somebody who holds the lock."""
    Ledger.open(sqlite_url).close()
    monkeypatch.setattr(sqlite, "BUSY", 0.01)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield holder


def test_waited_for(sqlite_url: str, other: sqlite3.Connection) -> None:
    """A writer tries again until the lock is free."""
    patience = Patience(sleep=lambda _: other.rollback())
    with closing(Ledger.open(sqlite_url, patience=patience)) as ledger:
        event = ledger.append("r1", "step.done", "ada", {})
        assert ledger.events() == (event,)


def test_given_up(sqlite_url: str, other: sqlite3.Connection) -> None:
    """After the deadline it is an error in words."""
    with (
        closing(Ledger.open(sqlite_url, patience=Patience(seconds=0.2))) as ledger,
        pytest.raises(StepErrored, match=r"ledger\.db: database is locked, expected it back within 0\.2 s"),
    ):
        ledger.append("r1", "step.done", "ada", {})
