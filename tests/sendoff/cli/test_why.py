"""`sendoff why`: by id, by name, or the newest that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from sendoff.catalog import load
from sendoff.cli import main
from sendoff.ledger import Ledger

RIGHT = Path(__file__).parents[1] / "spec" / "right.yaml"


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path))
    monkeypatch.setenv("SENDOFF_CATALOG", str(RIGHT))
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db")) as opened:
        yield opened


def begin(ledger: Ledger, release: str, version: str) -> None:
    body = {
        "flow": "release",
        "application": "storefront",
        "environment": "staging",
        "version": version,
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
