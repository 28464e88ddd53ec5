"""The line is stopped by somebody, for a reason, until it is let go; for just what it was stopped for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sendoff.errors import BadInput, PolicyRefused
from sendoff.ledger import Ledger
from sendoff.stopping import check_names, let_go, stop, stopped

ALL = ("", "")
PRODUCTION = ("", "production")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


def test_stop_and_go(ledger: Ledger) -> None:
    """Each says what was done, and what is stopped still."""
    assert stop(ledger, "ada", "an outage", ALL) == (
        "the line is stopped for all releases: each holds at its next safe point"
    )
    stop(ledger, "bob", "a move", PRODUCTION)
    assert [(each.owner, each.environment) for each in stopped(ledger)] == [
        ("ada", ""),
        ("bob", "production"),
    ]
    assert let_go(ledger, "eve", "over", ALL) == (
        "the line goes again for all releases; still stopped: all releases to production, by bob (a move)"
    )
    assert let_go(ledger, "eve", "over", PRODUCTION) == "the line goes again for all releases to production"
    assert stopped(ledger) == ()
    assert ledger.verify() is None


def test_stopped_already(ledger: Ledger) -> None:
    """Who has to be asked stays who they were."""
    stop(ledger, "ada", "an outage", ALL)
    with pytest.raises(PolicyRefused, match=r"stopped for all releases already, by ada \(an outage\)"):
        stop(ledger, "bob", "another", ALL)


def test_letting_go_something_else(ledger: Ledger) -> None:
    """A line that is stopped for all is not let go in part."""
    stop(ledger, "ada", "an outage", ALL)
    with pytest.raises(
        PolicyRefused, match=r"not stopped for all releases to production, .* all releases, by ada"
    ):
        let_go(ledger, "bob", "over", PRODUCTION)
    assert len(stopped(ledger)) == 1


def test_done_once(ledger: Ledger) -> None:
    """A process that died right after it had written it down does not do it twice, and is not refused."""
    for _ in range(2):
        stop(ledger, "ada", "an outage", ALL, key="run-1")
    for _ in range(2):
        let_go(ledger, "ada", "over", ALL, key="run-2")
    assert [event.kind for event in ledger.events("line")] == ["line.stopped", "line.let_go"]


def test_names(tmp_path: Path) -> None:
    """A line that is stopped for a name with a typing error would stop nothing."""
    shutil.copy(Path(__file__).parent / "spec" / "right.yaml", tmp_path / "release.yaml")
    check_names([tmp_path], "", "")
    check_names([tmp_path], "storefront", "production")
    with pytest.raises(BadInput) as wrong:
        check_names([tmp_path], "store", "prod")
    assert [each.what for each in wrong.value.problems] == [
        "unknown application 'store'",
        "unknown environment 'prod'",
    ]
