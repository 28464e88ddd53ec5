"""What `newest` and `previous` mean."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tasks.resolve import resolve
from tasks.run import Place

PLACE = Place("shop", "live")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"SENDOFF_HOME": str(tmp_path / "home"), "SENDOFF_CATALOG": str(tmp_path)})


@pytest.fixture
def ledger(settings: Settings) -> Any:
    with closing(Ledger.open(settings.ledger_url)) as opened:
        yield opened


def goes_live(ledger: Ledger, version: str, *hosts: str, environment: str = "live") -> None:
    for host in hosts:
        body = {
            "application": "shop",
            "environment": environment,
            "target": "web",
            "host": host,
            "version": version,
            "release_name": f"{version}-x",
            "digest": version * 64,
            "commit": f"c{version}",
            "undo": False,
        }
        ledger.append(f"run-{version}", "host.live", "ada", body)


def previous(ledger: Ledger, settings: Settings) -> tuple[str, str | None]:
    nothing: Any = None
    return resolve(nothing, PLACE, "previous", ledger, settings, {})


def test_a_version_is_itself(ledger: Ledger, settings: Settings) -> None:
    """A version that is named stays as it is; its commit is found when it is built."""
    nothing: Any = None
    assert resolve(nothing, PLACE, "2.4.1", ledger, settings, {}) == ("2.4.1", None)


def test_previous_is_what_was_live_before(ledger: Ledger, settings: Settings) -> None:
    """Of all that was live there, the newest that is not live any more."""
    for version in ("1", "2", "3"):
        goes_live(ledger, version, "a", "b")
    assert previous(ledger, settings) == ("2", "c2")


def test_previous_of_a_mixed_environment(ledger: Ledger, settings: Settings) -> None:
    """While one host still serves the older release, that is no way back for the others."""
    goes_live(ledger, "1", "a", "b")
    goes_live(ledger, "2", "a", "b")
    goes_live(ledger, "3", "a")
    assert previous(ledger, settings) == ("1", "c1")


def test_previous_looks_at_this_environment_alone(ledger: Ledger, settings: Settings) -> None:
    """What was live elsewhere is nothing to go back to."""
    goes_live(ledger, "1", "a", environment="test")
    goes_live(ledger, "2", "a")
    with pytest.raises(PolicyRefused, match="no release was live there before"):
        previous(ledger, settings)


def test_newest_needs_a_repository(ledger: Ledger, settings: Settings) -> None:
    """A source that is a folder has no newest commit."""
    loaded: Any = type("Loaded", (), {"file": type("File", (), {"application": "shop"})})
    loaded.file.build = type("Build", (), {"source": None})
    with pytest.raises(PolicyRefused, match="'newest' was asked for but the source is a folder"):
        resolve(loaded, PLACE, "newest", ledger, settings, {})
