"""`sendoff line`: stop, show, let go."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sendoff.cli import line as module
from sendoff.cli import main
from sendoff.ledger import Ledger

RIGHT = Path(__file__).parents[1] / "spec" / "right.yaml"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(RIGHT, tmp_path / "release.yaml")
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path))
    monkeypatch.setenv("SENDOFF_CATALOG", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["line", *words])


def test_goes_at_first(home: Path) -> None:
    """Nothing is made by looking."""
    assert run().output == "the line goes: nothing is stopped\n"
    assert run("--json").output == "[]\n"
    assert not (home / "ledger.db").exists()


def test_stop_show_go(home: Path) -> None:
    """Reason and owner are shown until it is let go."""
    stopped = run("stop", "--reason", "an outage", "--environment", "production")
    assert (stopped.exit_code, stopped.output.partition(":")[0]) == (
        0,
        "the line is stopped for all releases to production",
    )
    shown = run().output
    assert shown.startswith("stopped for all releases to production, by local:")
    assert shown.endswith(": an outage\n")
    assert [each["reason"] for each in json.loads(run("--json").output)] == ["an outage"]
    gone = run("go", "--reason", "over", "--environment", "production")
    assert gone.output == (f"the line goes again for all releases to production\n{module.BY_THEMSELVES}\n")
    assert run().output == "the line goes: nothing is stopped\n"


def test_wakes_where_there_is_a_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the line held looks again at once."""
    called: list[str] = []
    monkeypatch.setattr(module, "hand_over", called.append)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    run("stop", "--reason", "an outage")
    assert run("go", "--reason", "over").exit_code == 0
    assert called == ["deployments.let_go"]


@pytest.mark.parametrize(("word", "choice"), [("stop", "stop"), ("go", "let go")])
def test_where_people_sign_in_a_worker_does_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, word: str, choice: str
) -> None:
    """By an order that the server stamps with who gave it; the command line writes nothing by itself."""
    (home / "key.pem").write_text("a public key")
    monkeypatch.setenv("SENDOFF_SIGNED_BY", str(home / "key.pem"))
    alone = run(word, "--reason", "an outage")
    assert (alone.exit_code, "PREFECT_API_URL: is not set" in alone.output) == (1, True)
    given: list[tuple[object, ...]] = []
    monkeypatch.setattr(module, "hand_over", lambda *words, payload: given.append((*words, payload)))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert run(word, "--reason", "an outage", "--environment", "production").exit_code == 0
    order = {
        "choice": choice,
        "reason": "an outage",
        "application": "all of them",
        "environment": "production",
    }
    assert given == [("deployments.carry_out", "stop-the-line", {"order": order})]
    assert run().output == "the line goes: nothing is stopped\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("stop",), 2, "Missing option '--reason'"),
        (("stop", "--reason", " "), 2, "command line: --reason: is empty, expected why"),
        (
            ("stop", "--reason", "x", "--application", "store"),
            2,
            "--application: unknown application 'store'",
        ),
        (("go", "--reason", "x"), 1, "the line: is not stopped for all releases, expected that it is"),
    ],
)
def test_refused(home: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """What is wrong is said; nothing is written."""
    result = run(*words)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    ledger = Ledger.find(f"sqlite:///{home}/ledger.db")
    assert ledger is None or ledger.events() == ()
