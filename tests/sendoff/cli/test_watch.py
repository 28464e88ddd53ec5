"""`sendoff watch`: until the end, on a terminal and elsewhere."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from sendoff.cli import main
from sendoff.cli.watch import choose, follow, watch_release
from sendoff.errors import BadInput
from sendoff.ledger import Ledger
from sendoff.ledger.models import Kind

PLACE = {"application": "storefront", "environment": "production", "version": "2.4.1"}
PLAN = {
    "subject": {"release_name": "2.4.1-abc"},
    "steps": [{"action": "deploy", "hosts": ["web-1", "web-2"]}],
}
DEPLOYED = {"action": "deploy", "host": "web-1", "said": "12 files"}
Scene = tuple[Kind, dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{home}/ledger.db")) as opened:
        opened.append("r1", "release.created", "ada", PLACE)
        yield opened


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["watch", *words], env={"SENDOFF_HOME": str(home)})


def end(ledger: Ledger, how: str, release: str = "r1") -> None:
    ledger.append(release, "release.ended", "ada", {"end": how, "said": "2.4.1 was looked at"})


def play(ledger: Ledger, *scenes: Scene) -> Callable[[], None]:
    """Let the next scene happen at every pause."""
    coming = iter(scenes)

    def pause() -> None:
        kind, body = next(coming)
        ledger.append("r1", kind, "ada", body)

    return pause


@pytest.mark.parametrize(
    ("how", "code"), [("live", 0), ("nothing-to-do", 0), ("undone", 1), ("rejected", 1), ("errored", 1)]
)
def test_exit_code(home: Path, ledger: Ledger, how: str, code: int) -> None:
    """It is 0 when what was wanted is live, else 1; the last line tells the end."""
    end(ledger, how)
    done = run(home, "r1")
    assert done.exit_code == code
    assert f" {how}: " in done.output.splitlines()[-1]


def test_lines(home: Path, ledger: Ledger) -> None:
    """Off a terminal it is a line an event."""
    ledger.append("r1", "step.done", "ada", DEPLOYED)
    end(ledger, "live")
    told = [line.partition(" ")[2] for line in run(home, "r1").output.splitlines()]
    assert told == [
        "storefront 2.4.1 to production: started by ada",
        "put on web-1: 12 files",
        "live: storefront 2.4.1 is live in production",
    ]


def test_json(home: Path, ledger: Ledger) -> None:
    """For a machine it is the events, one a line."""
    end(ledger, "live")
    told = [json.loads(line) for line in run(home, "r1", "--json").output.splitlines()]
    assert [event["kind"] for event in told] == ["release.created", "release.ended"]


def test_follows_what_comes(ledger: Ledger) -> None:
    """Events that come while it watches are shown, each once, and after the end no more."""
    pause = play(ledger, ("step.done", DEPLOYED), ("release.ended", {"end": "live"}))
    assert [event.kind for event in follow(ledger, "r1", pause)] == [
        "release.created",
        "step.done",
        "release.ended",
    ]


def test_bars_on_a_terminal(ledger: Ledger) -> None:
    """On a terminal there is a bar for each kind of work, and the end in words."""
    planned: Scene = ("release.planned", {"plan_digest": "p", "plan": PLAN})
    pause = play(
        ledger, planned, ("step.done", DEPLOYED), ("release.ended", {"end": "undone", "said": "bad"})
    )
    out = io.StringIO()
    ended = watch_release(ledger, "r1", Console(file=out, force_terminal=True, width=120), pause)
    assert ended.body["end"] == "undone"
    assert "deployed" in out.getvalue()
    assert "1/2" in out.getvalue()
    assert "undone: storefront 2.4.1 was undone: bad" in out.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_no_line_is_broken(ledger: Ledger, terminal: bool) -> None:
    """A terminal breaks lines by itself; what is copied from it stays whole."""
    said = "web-1 answered 503 instead of 200, 30 times in 10 s; it said: 'prices/eur.json is missing'"
    failed: Scene = ("check.done", {"check": "health", "host": "web-1", "passed": False, "said": said})
    out = io.StringIO()
    pause = play(ledger, failed, ("release.ended", {"end": "undone", "said": said}))
    watch_release(ledger, "r1", Console(file=out, force_terminal=terminal, width=40), pause)
    assert f"check health failed: {said}\n" in out.getvalue()
    assert f"undone: storefront 2.4.1 was undone: {said}" in out.getvalue()


def test_news_stand_above_the_bars(ledger: Ledger) -> None:
    """On a terminal answers and failures are told, and what went well is only counted."""
    asked: Scene = ("approval.asked", {"gate": "go"})
    pause = play(ledger, asked, ("step.done", DEPLOYED), ("release.ended", {"end": "live"}))
    out = io.StringIO()
    watch_release(ledger, "r1", Console(file=out, force_terminal=True, width=120), pause)
    assert out.getvalue().count("waits for approval of 'go'\n") == 1
    assert "12 files" not in out.getvalue()


def test_the_newest_that_runs(ledger: Ledger) -> None:
    """Without a name it is the newest release that has not ended."""
    for release in ("r2", "r3"):
        ledger.append(release, "release.created", "ada", PLACE)
    end(ledger, "live", "r3")
    assert choose(ledger, None) == "r2"


def test_nothing_runs(ledger: Ledger) -> None:
    """When nothing runs it says so."""
    end(ledger, "live")
    with pytest.raises(BadInput, match="watch: nothing is being released now, expected a release"):
        choose(ledger, None)


def test_an_unknown_release(home: Path, ledger: Ledger) -> None:
    """A release that is not in the ledger is named, without waiting for it."""
    done = run(home, "r9")
    assert done.exit_code == 2
    assert "watch: no release 'r9', expected" in done.output


def test_no_ledger(home: Path) -> None:
    """Without a ledger there is nothing to watch, and none is made."""
    done = run(home)
    assert done.exit_code == 2
    assert "nothing has been released yet" in done.output
    assert not home.exists()
