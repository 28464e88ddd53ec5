"""`sendoff unlock`: who holds it, why it is freed, and what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sendoff.cli import main
from sendoff.ledger import Ledger
from sendoff.people import actor

PLACE = "storefront/production"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{home}/ledger.db")) as opened:
        opened.take_lease(PLACE, "r1", "ada", "release 2.4.1")
        yield opened


def run(home: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["unlock", *words], input=typed, env={"SENDOFF_HOME": str(home)})


def test_frees_and_records(home: Path, ledger: Ledger) -> None:
    """It shows the holder, gives the lease back, and records who did it and why."""
    done = run(home, PLACE, "--reason", "its worker is gone")
    assert done.exit_code == 0
    assert "held by ada since" in done.output
    assert "for 'release 2.4.1' (release r1)" in done.output
    assert ledger.leases() == ()
    recorded = ledger.last(kinds=("lease.given_back",))
    assert recorded
    assert (recorded.actor, recorded.body["why"]) == (actor(), "its worker is gone")


def test_asks_for_the_reason(home: Path, ledger: Ledger) -> None:
    """Without a reason it asks for one, after it has shown the holder."""
    done = run(home, PLACE, "--reason", " ", typed="\nits worker is gone\n")
    assert done.output.index("held by ada") < done.output.index("Why is it freed")
    recorded = ledger.last(kinds=("lease.given_back",))
    assert recorded
    assert recorded.body["why"] == "its worker is gone"


def test_without_an_answer_nothing_is_freed(home: Path, ledger: Ledger) -> None:
    """Whoever gives no reason frees nothing."""
    assert run(home, PLACE).exit_code == 1
    assert len(ledger.leases()) == 1


def test_nobody_holds_it(home: Path, ledger: Ledger) -> None:
    """What is free stays free, and says so."""
    done = run(home, "storefront/staging", "--reason", "why")
    assert (done.exit_code, done.output) == (0, "storefront/staging: nobody holds it, nothing to free\n")
    assert len(ledger.leases()) == 1


def test_no_ledger(home: Path) -> None:
    """Without a ledger nobody holds anything, and none is made."""
    assert run(home, PLACE, "--reason", "why").exit_code == 0
    assert not home.exists()
