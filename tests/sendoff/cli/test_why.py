"""`sendoff why`: by id, by name, or the newest that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sendoff import stopping
from sendoff.catalog import load
from sendoff.cli import main
from sendoff.ledger import Ledger
from sendoff.spec.intent import Intent

RIGHT = Path(__file__).parents[1] / "spec" / "right.yaml"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path))
    monkeypatch.setenv("SENDOFF_CATALOG", str(RIGHT))
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


def begin(ledger: Ledger, release: str, version: str, flow: str = "release") -> None:
    body = {
        "flow": flow,
        "application": "storefront",
        "environment": "staging",
        "version": version,
        "why": Intent.routine("tests").model_dump(mode="json"),
        "config": load(RIGHT).file.model_dump(mode="json"),
        "folder": str(RIGHT.parent),
    }
    ledger.append(release, "release.created", "ada", body)


def why(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["why", *words])
    return result.exit_code, result.output


def test_found(ledger: Ledger) -> None:
    """Of several of one name it is the newest."""
    begin(ledger, "r1", "1.0")
    begin(ledger, "r2", "2.0")
    begin(ledger, "r3", "2.0")
    ledger.append("r2", "release.ended", "ada", {"end": "failed", "said": ""})
    free = "does not wait, it is under way (builds it); nothing holds it\n"
    assert why("r1") == (0, f"storefront 1.0 to staging {free}")
    assert why("storefront 2.0 to staging") == (0, f"storefront 2.0 to staging {free}")
    assert why() == (0, f"storefront 2.0 to staging {free}")
    assert why("r2") == (0, "storefront 2.0 to staging does not wait: it ended as 'failed'\n")


BROKE = {
    "place": "undo",
    "number": 1,
    "said": "web-1 could not be put back",
    "until": "2026-11-25T13:00:00Z",
    "otherwise": "stop here",
}
ASKED = {"gate": "owner", "missing": 1, "from": "ada", "until": None}
QUESTION, GATE, UNDOING = ("trouble.asked", BROKE), ("approval.asked", ASKED), ("release.undoing", {})
STOPPED = "eve stopped the line (an outage)"
GOES_ON = "; after that it goes on at once"


@pytest.mark.parametrize(
    ("flow", "more", "is_held", "said"),
    [
        ("release", [QUESTION], True, "when it is 'stop here'; besides, "),
        ("rollback", [QUESTION], False, f"when it is 'stop here'{GOES_ON}"),
        ("release", [UNDOING, QUESTION], False, f"when it is 'stop here'{GOES_ON}"),
        ("release", [GATE], True, "without a time limit; besides, "),
        ("rollback", [GATE], False, f"without a time limit{GOES_ON}"),
        ("release", [], True, "(builds it); before its next change it waits, as "),
        ("rollback", [], False, "(builds it); nothing holds it"),
        ("verify", [], False, "(builds it); nothing holds it"),
        ("release", [UNDOING], False, "(builds it); nothing holds it"),
    ],
    ids=[
        "trouble", "trouble in a rollback", "trouble in an undo", "approval", "approval of a rollback",
        "under way", "a rollback under way", "a check under way", "an undo under way",
    ],
)  # fmt: skip
def test_what_puts_back_is_never_held(
    ledger: Ledger, flow: str, more: list[tuple[Any, dict[str, Any]]], is_held: bool, said: str
) -> None:
    """A stopped line is in every sentence of a release, and in none of a rollback or an undo."""
    begin(ledger, "r1", "2.0", flow)
    stopping.stop(ledger, "eve", "an outage", ("", ""))
    for kind, body in more:
        ledger.append("r1", kind, "ada", body)
    _, told = why()
    assert (said in told, STOPPED in told) == (True, is_held), told


@pytest.mark.parametrize(("flow", "is_held"), [("release", True), ("rollback", False)])
def test_locked_and_stopped(ledger: Ledger, flow: str, is_held: bool) -> None:
    """A rollback waits for who has its environment, and for nothing else."""
    ledger.take_lease("storefront/staging", "r9", "bob", "another", timedelta(hours=1))
    begin(ledger, "r1", "2.0", flow)
    stopping.stop(ledger, "eve", "an outage", ("", ""))
    _, told = why("r1")
    assert "waits for its environment, which bob holds" in told
    assert (STOPPED in told, "after that it goes on at once" in told) == (is_held, not is_held)


def test_nobody(ledger: Ledger) -> None:
    """What is not there is said."""
    code, said = why("r9")
    assert (code, said.partition(",")[0]) == (2, "why: no release 'r9'")
    assert why()[1].startswith("why: nothing is being released now")


def test_nothing_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ledger is made by asking."""
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path / "new"))
    assert why()[0] == 2
    assert not (tmp_path / "new").exists()
