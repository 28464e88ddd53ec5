"""`sendoff status`, as a person and as a machine read it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from sendoff.cli import main
from sendoff.cli.status import Status, doing, read_status, show
from sendoff.ledger import Ledger

PLACE = {"application": "storefront", "environment": "production"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{home}/ledger.db")) as opened:
        yield opened


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["status", *words], env={"SENDOFF_HOME": str(home)})


def live(ledger: Ledger, host: str, version: str, **more: Any) -> None:
    body = {
        **PLACE,
        "target": "web",
        "host": host,
        "version": version,
        "release_name": f"{version}-abc",
        **more,
    }
    ledger.append("r0", "host.live", "ada", {**body, "digest": "d"})


def start(ledger: Ledger, release: str = "r1") -> None:
    ledger.append(release, "release.created", "ada", {**PLACE, "version": "2.4.1"})


def test_nothing_yet(home: Path) -> None:
    """Without a ledger it says what to do, and makes nothing."""
    done = run(home)
    assert (done.exit_code, done.output) == (
        0,
        "nothing has been released yet; start with: sendoff release\n",
    )
    assert not home.exists()


def test_an_application_that_is_not_there(home: Path, ledger: Ledger) -> None:
    """An application that was never released is named."""
    live(ledger, "web-1", "2.4.0")
    assert run(home, "shop").output.startswith("shop: nothing has been released yet")


def test_what_is_where(home: Path, ledger: Ledger) -> None:
    """One line an environment: its version, on how many hosts, what the others serve."""
    live(ledger, "web-1", "2.4.0")
    live(ledger, "web-2", "2.4.1")
    header, line = run(home).output.splitlines()
    assert header.split() == ["application", "environment", "version", "hosts", "since", "by"]
    assert line.split()[:3] == ["storefront", "production", "2.4.1"]
    assert "1 of 2, mixed: 2.4.0-abc on 1" in line
    assert line.split()[-1] == "ada"


def test_waits_for_approval(home: Path, ledger: Ledger) -> None:
    """A running release says in a sentence what it waits for, and how to watch it."""
    start(ledger)
    asked = ledger.append("r1", "approval.asked", "ada", {"gate": "go-live", "plan_digest": "p"})
    since = asked.at.astimezone().strftime("%H:%M")
    output = run(home).output
    assert "storefront 2.4.1 to production (ada, since " in output
    assert f"waits for 1 approval of 'go-live' since {since}; watch it: sendoff watch r1" in output


def test_what_has_ended_does_not_run(ledger: Ledger) -> None:
    """Only releases that have not ended are told as running."""
    start(ledger, "r1")
    start(ledger, "r2")
    ledger.append("r1", "release.ended", "ada", {"end": "live", "said": ""})
    assert [each.release for each in read_status(ledger).running] == ["r2"]


def test_leases(home: Path, ledger: Ledger) -> None:
    """Who holds an environment is told, with the reason."""
    ledger.take_lease("storefront/production", "r1", "ada", "release 2.4.1")
    assert "storefront/production is held by ada since " in run(home).output
    assert "for 'release 2.4.1'" in run(home).output


def test_one_application(ledger: Ledger) -> None:
    """Only what belongs to the application that is asked for is told."""
    live(ledger, "web-1", "2.4.1")
    live(ledger, "web-1", "1.0", application="shop")
    start(ledger)
    ledger.take_lease("storefront/production", "r1", "ada", "release")
    found = read_status(ledger, "shop")
    assert [each.application for each in found.placements] == ["shop"]
    assert (found.leases, found.running) == ((), ())


def test_json(home: Path, ledger: Ledger) -> None:
    """A machine gets all of it."""
    live(ledger, "web-1", "2.4.1")
    start(ledger)
    told = json.loads(run(home, "--json").output)
    assert (told["placements"][0]["version"], told["placements"][0]["hosts"]) == ("2.4.1", 1)
    assert told["running"][0]["title"] == "storefront 2.4.1 to production"
    assert told["leases"] == []


def test_json_of_nothing(home: Path) -> None:
    """Without a ledger a machine gets empty lists."""
    assert json.loads(run(home, "--json").output) == {
        "placements": [],
        "leases": [],
        "running": [],
        "reviews": [],
    }


@pytest.mark.parametrize("is_terminal", [True, False])
def test_colours_on_a_terminal_only(
    ledger: Ledger, is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colours are for terminals."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    live(ledger, "web-1", "2.4.1")
    out = io.StringIO()
    show(
        read_status(ledger),
        Console(file=out, force_terminal=is_terminal, color_system="auto"),
        datetime.now(UTC),
    )
    assert ("\x1b[" in out.getvalue()) == is_terminal


def test_text_is_not_markup(home: Path, ledger: Ledger) -> None:
    """Square brackets in what people wrote stay as they are."""
    ledger.append("r1", "release.created", "[red]ada[/red]", {**PLACE, "version": "2.4.1"})
    assert "[red]ada[/red]" in run(home).output


def test_another_day_is_told_with_its_date(ledger: Ledger) -> None:
    """What has waited since yesterday is told with the date."""
    start(ledger)
    ledger.append("r1", "approval.asked", "ada", {"gate": "go-live", "count": 2})
    (waiting,) = read_status(ledger).running
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert doing(waiting, tomorrow).startswith("waits for 2 approvals of 'go-live' since 2")


def test_bad_settings(home: Path) -> None:
    """A wrong environment is reported by the variable's name."""
    done = CliRunner().invoke(main, ["status"], env={"SENDOFF_HOME": str(home), "SENDOFF_LEDGER": "x"})
    assert done.exit_code == 2
    assert "SENDOFF_LEDGER: not a database URL" in done.output


def test_an_empty_status_shows_no_table() -> None:
    """A ledger without releases reads as one that is not there."""
    out = io.StringIO()
    show(Status(), Console(file=out), datetime.now(UTC))
    assert out.getvalue().startswith("nothing has been released yet")


def test_asks_what_to_do(home: Path, ledger: Ledger) -> None:
    """A release on which something broke says what, and what is done when nobody answers."""
    start(ledger)
    until = datetime.now(UTC) + timedelta(days=2)
    body = {"place": "deploy", "number": 1, "said": "2.4.1 could not be put on 1 of 3 hosts (b)"}
    ledger.append("r1", "trouble.asked", "ada", {**body, "until": until.isoformat(), "otherwise": "undo"})
    output = run(home).output
    assert "2.4.1 could not be put on 1 of 3 hosts (b); asks what to do, at " in output
    assert "it is 'undo'; watch it: sendoff watch r1" in output


def test_drift(home: Path, ledger: Ledger) -> None:
    """A host that a release went live without is named."""
    live(ledger, "web-1", "2.4.0")
    ledger.append(
        "r0", "host.left_out", "ada", {**PLACE, "target": "web", "host": "web-2", "version": "2.4.0"}
    )
    assert "1 of 2, mixed: nothing on 1, drift: left out web-2" in run(home).output
