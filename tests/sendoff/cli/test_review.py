"""`sendoff reviews` and `sendoff review close`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sendoff.cli import main
from sendoff.cli import review as module
from sendoff.ledger import Ledger
from sendoff.reviewing import open_review

WHY = {"requested_by": "robin", "emergency": {"skip": ["owner"], "reason": "the shop is down"}}
CREATED = {"application": "shop", "environment": "live", "version": "2", "flow": "release", "why": WHY}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def opened(home: Path) -> Path:
    with closing(Ledger.open(f"sqlite:///{home / 'ledger.db'}")) as ledger:
        open_review(ledger, ledger.append("run-1", "release.created", "robin", CREATED, "created"), "live")
    return home


def run(home: Path, *words: str, **more: str) -> Result:
    environ = {"SENDOFF_HOME": str(home), "SENDOFF_CATALOG": str(home), "PREFECT_API_URL": "", **more}
    return CliRunner().invoke(main, words, env=environ)


def test_none(home: Path) -> None:
    """Before the first release, too."""
    assert run(home, "reviews").output == "no review is open\n"
    assert json.loads(run(home, "reviews", "--json").output) == []
    assert run(home, "review", "close", "run-1", "--as", "sam", "--finding", "x").exit_code == 1


def test_an_open_one_says_what_it_is_about(opened: Path) -> None:
    """In red words on a terminal, and how to close it."""
    output = run(opened, "reviews").output
    assert "EMERGENCY shop 2 to live: skipped owner, as 'the shop is down'; asked for by robin" in output
    assert "close it: sendoff review close run-1" in output


def test_status_shows_it(opened: Path) -> None:
    """With all else that has to be looked at."""
    assert "EMERGENCY shop 2 to live" in run(opened, "status").output
    assert json.loads(run(opened, "status", "--json").output)["reviews"][0]["skipped"] == ["owner"]


def test_closing(opened: Path) -> None:
    """Somebody else closes it, with what it came to; then it is among those that are closed."""
    refused = run(opened, "review", "close", "run-1", "--as", "Robin", "--finding", "fine")
    assert refused.exit_code == 1
    assert "expected somebody else to close its review" in refused.output
    closed = run(opened, "review", "close", "run-1", "--as", "sam", "--finding", "fine")
    assert closed.output == "EMERGENCY: shop 2 to live: its review is closed by sam\n"
    assert run(opened, "reviews").output == "no review is open\n"
    assert "closed by sam" in run(opened, "reviews", "--all").output


def test_where_people_sign_in_a_typed_name_closes_nothing(opened: Path) -> None:
    """Who it is has to be proved there."""
    key = opened / "key.pem"
    key.write_text("a public key")
    words = ("review", "close", "run-1", "--finding", "fine")
    refused = run(opened, *words, "--as", "sam", SENDOFF_SIGNED_BY=str(key))
    assert refused.exit_code == 1
    assert "expected no name; leave --as out" in refused.output
    alone = run(opened, *words, SENDOFF_SIGNED_BY=str(key))
    assert (alone.exit_code, "PREFECT_API_URL: is not set" in alone.output) == (1, True)
    assert "EMERGENCY" in run(opened, "reviews").output


def test_where_people_sign_in_a_worker_closes_it(opened: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an order that the server stamps with who gave it."""
    key = opened / "key.pem"
    key.write_text("a public key")
    given: list[tuple[object, ...]] = []
    monkeypatch.setattr(module, "hand_over", lambda *words, payload: given.append((*words, payload)))
    environ = {"SENDOFF_SIGNED_BY": str(key), "PREFECT_API_URL": "http://127.0.0.1:1/api"}
    assert run(opened, "review", "close", "run-1", "--finding", "fine", **environ).exit_code == 0
    order = {"review": {"run": "run-1", "finding": "fine"}}
    assert given == [("deployments.carry_out", "close-review", order)]


def test_where_nobody_signs_in_a_name_is_needed(opened: Path) -> None:
    """Nothing is closed by nobody."""
    refused = run(opened, "review", "close", "run-1", "--finding", "fine")
    assert (refused.exit_code, "--as: is not given, expected who you are" in refused.output) == (2, True)
