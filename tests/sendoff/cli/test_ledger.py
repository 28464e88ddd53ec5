"""`sendoff ledger verify`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sendoff.cli import main
from sendoff.ledger import Ledger


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{home}/ledger.db")) as opened:
        opened.append("r1", "release.created", "ada", {"version": "2.4.1"})
        yield opened


def verify(home: Path) -> Result:
    return CliRunner().invoke(main, ["ledger", "verify"], env={"SENDOFF_HOME": str(home)})


def test_ok(home: Path, ledger: Ledger) -> None:
    """It counts the events and prints the head, to be kept elsewhere."""
    done = verify(home)
    assert (done.exit_code, done.output) == (0, f"ok: 1 events, head {ledger.head().hash}\n")


def test_broken(home: Path, ledger: Ledger) -> None:
    """It names the first event that is wrong, and fails."""
    with sqlite3.connect(home / "ledger.db") as raw:
        raw.execute("UPDATE events SET actor = 'mallory'")
    done = verify(home)
    assert done.exit_code == 1
    assert "ledger: event 1: its content is not what was recorded" in done.output


def test_no_ledger(home: Path) -> None:
    """Without a ledger nothing can be wrong, and none is made."""
    assert verify(home).exit_code == 0
    assert not home.exists()
