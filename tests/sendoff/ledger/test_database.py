"""The little that differs between databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from sendoff.errors import StepErrored
from sendoff.ledger import Ledger, database
from sendoff.ledger.patience import Away
from sendoff.ledger.tables import metadata


def test_exists(file: Path, sqlite_url: str) -> None:
    """A file can be looked for; a server has to be asked, so it counts as there."""
    assert not database.exists(sqlite_url)
    file.parent.mkdir()
    file.touch()
    assert database.exists(sqlite_url)
    assert database.exists("postgresql://db.example/ledger") is True


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_write_ahead_log_and_durability(ledger: Ledger, url: str) -> None:
    """Readers do not wait for writers, and what is committed is on the disk."""
    with database.reading(database.connect(url)) as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2


def test_a_broken_write_leaves_nothing(ledger: Ledger, url: str) -> None:
    """An error in the middle of a transaction undoes all of it, and names the ledger."""
    engine = database.connect(url)
    insert = "INSERT INTO leases VALUES ('a/b', 1, 'r', 'ada', 'why', 'now', NULL)"

    def write() -> None:
        with database.writing(engine) as raw:
            raw.execute(text(insert))
            raw.execute(text("SELECT * FROM none_such"))

    with pytest.raises(StepErrored, match=r"ledger (sqlite|postgresql).*none_such.*try again") as error:
        write()
    assert not isinstance(error.value, Away)
    with database.reading(engine) as raw:
        assert raw.scalar(text("SELECT count(*) FROM leases")) == 0


def test_a_reader_sees_one_moment(ledger: Ledger, url: str) -> None:
    """What is written while somebody reads is not seen until they read anew."""
    with database.reading(database.connect(url)) as reader:
        count = text("SELECT count(*) FROM events")
        assert reader.scalar(count) == 0
        ledger.append("r1", "release.created", "ada", {})
        assert reader.scalar(count) == 0


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A place where no file can be is reported with its name."""
    (tmp_path / "file").touch()
    with pytest.raises(
        StepErrored, match=r"ledger sqlite:.*file/ledger\.db: .*expected a file to read and write"
    ):
        database.connect(f"sqlite:///{tmp_path}/file/ledger.db")


@pytest.mark.parametrize("name", ["events", "leases"])
def test_tables_are_the_same_everywhere(name: str) -> None:
    """PostgreSQL gets the tables that SQLite gets, word for word."""
    table = CreateTable(metadata.tables[name])
    ours, theirs = (str(table.compile(dialect=each.dialect())) for each in (sqlite, postgresql))
    assert ours.replace('"', "") == theirs.replace('"', "")
