"""`sendoff locks`: who holds what, why, since when, and whether they are still at it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sendoff.cli import main
from sendoff.cli.locks import kept
from sendoff.ledger import Ledger
from sendoff.ledger.models import Lease

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{home}/ledger.db")) as opened:
        yield opened


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["locks", *words], env={"SENDOFF_HOME": str(home)})


def test_nothing_is_held(home: Path) -> None:
    """It says so, also where nothing was ever released."""
    assert run(home).output == "nothing is held: every environment is free\n"
    assert json.loads(run(home, "--json").output) == []


def test_names_the_holder(home: Path, ledger: Ledger) -> None:
    """Who, why, since when, and what can be done about it."""
    ledger.take_lease("storefront/production", "r1", "ada", "release: 2.4.1")
    told = run(home).output
    for word in ("storefront/production", "ada", "release: 2.4.1", "at work"):
        assert word in told
    assert "sendoff watch r1" in told
    assert "sendoff unlock storefront/production" in told


def test_for_machines(home: Path, ledger: Ledger) -> None:
    """All of it as JSON."""
    ledger.take_lease("storefront/production", "r1", "ada", "release: 2.4.1")
    (lease,) = json.loads(run(home, "--json").output)
    assert (lease["resource"], lease["release"], lease["token"]) == ("storefront/production", "r1", 1)
    assert lease["expires"] > lease["since"]


@pytest.mark.parametrize(
    ("expires", "told"),
    [
        (None, "waits for people or the clock"),
        (NOW + timedelta(seconds=1), "at work"),
        (NOW - timedelta(seconds=80), "silent for 1 min 20 s: will go on elsewhere, or be taken over"),
    ],
    ids=["suspended", "at work", "silent"],
)
def test_whether_it_is_still_at_it(expires: datetime | None, told: str) -> None:
    """A process that lives renews its lease; a run that waits for people needs none."""
    lease = Lease(resource="a/b", release="r1", token=1, actor="ada", why="", since=NOW, expires=expires)
    assert kept(lease, NOW) == told
