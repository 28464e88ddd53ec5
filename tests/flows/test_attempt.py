"""How an attempt begins, when a schedule started it, and how it ends: which error is which end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from flows import attempt
from flows.attempt import ENDS, Attempt, is_elsewhere
from sendoff import errors
from sendoff.errors import SendoffError
from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import End
from sendoff.signers import StampRefused
from sendoff.spec.intent import Intent
from sendoff.targets.ssh.faults import HostKeyRefused
from tasks.run import Place


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (errors.Undone, "undone"),
        (errors.BuildFailed, "failed"),
        (errors.CheckFailed, "failed"),
        (errors.PolicyRefused, "refused"),
        (errors.BadInput, "refused"),
        (HostKeyRefused, "refused"),
        (LeaseHeld, "refused"),
        (errors.StepErrored, "errored"),
        (errors.HostUnreachable, "errored"),
        (errors.CommandFailed, "errored"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_end_of_an_error(kind: type[SendoffError], end: End) -> None:
    """A verdict, a refusal and broken machinery are different ends; the nearest kind counts."""
    assert next(found for base, found in ENDS if issubclass(kind, base)) == end


NIGHT = {"cron": "0 2 * * *", "timezone": "Europe/Berlin"}


class Accepted(Exception):
    """Who started it is known, and what it is about comes next."""


@pytest.fixture
def scheduled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Begin what a schedule started, where people sign in, and say what comes of it."""
    target = {"name": "web", "user": "app", "root": "/srv/a", "hosts": ["a"]}
    file = {
        "application": "shop",
        "owner": "us",
        "hosts": {"a": {"address": "a.example"}},
        "build": {"source": {"git": "https://git.example/shop"}, "command": ["make"], "output": "out"},
        "environments": [
            {"name": "test", "targets": [target], "schedule": NIGHT},
            {"name": "live", "targets": [target]},
        ],
    }
    (tmp_path / "release.yaml").write_text(yaml.safe_dump(file))
    (tmp_path / "stamps.pub").touch()
    for name, value in (("HOME", ""), ("CATALOG", ""), ("SIGNED_BY", "stamps.pub")):
        monkeypatch.setenv(f"SENDOFF_{name}", str(tmp_path / value))
    monkeypatch.delenv("SENDOFF_LEDGER", raising=False)

    def accepted(*given: Any) -> None:
        raise Accepted

    def begin(flow: str, parameters: dict[str, Any]) -> None:
        run = SimpleNamespace(id="r1", auto_scheduled=True, parameters=parameters, labels={})
        monkeypatch.setattr(attempt, "_flow_run", lambda: run)
        monkeypatch.setattr(attempt, "_read_again", lambda: run)
        monkeypatch.setattr(attempt, "get_run_logger", lambda: None)
        monkeypatch.setattr(attempt, "resolve", accepted)
        what, why = parameters["what"], Intent.model_validate(parameters["why"])
        Attempt(flow, Place(what["application"], what["environment"]), what["version"], why).begin()

    return begin


def by_night(environment: str = "test", version: str = "newest", **why: Any) -> dict[str, Any]:
    what = {"application": "shop", "environment": environment, "version": version}
    routine = Intent.routine("the newest of shop", by="the schedule").model_dump(mode="json")
    return {"what": what, "why": {**routine, **why}}


def test_a_schedule_releases_what_its_release_file_says(scheduled: Callable[..., None]) -> None:
    """The newest commit, where there is a schedule; nobody has to start that."""
    with pytest.raises(Accepted):
        scheduled("release", by_night())


@pytest.mark.parametrize(
    ("flow", "parameters"),
    [
        ("rollback", by_night()),
        ("go-live", by_night()),
        ("release", by_night("live")),
        ("release", by_night(version="1.0")),
        ("release", by_night(requested_by="ada")),
        ("release", by_night(emergency={"skip": ["owner"], "reason": "now"})),
    ],
    ids=["rollback", "go-live", "no schedule", "version", "somebody", "emergency"],
)
def test_a_schedule_starts_nothing_else(
    scheduled: Callable[..., None], flow: str, parameters: dict[str, Any]
) -> None:
    """Whoever makes a schedule is not hidden behind it: nobody asked for this."""
    with pytest.raises(StampRefused, match="a schedule started this"):
        scheduled(flow, parameters)


def test_who_speaks_for_a_run(tmp_path: Path) -> None:
    """A fenced process says nothing for a run that goes on or has ended; only a person who takes its
    environment away leaves it without another."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    lease = ledger.take_lease("shop/live", "r1", "ada", "release: new")
    run: Any = SimpleNamespace(id="r1", ledger=ledger, lease=lease)
    ledger.take_anew(lease)
    assert is_elsewhere(run)
    ledger.give_back("shop/live", "r1", "sam", "it hangs")
    assert not is_elsewhere(run)
    ledger.take_lease("shop/live", "r2", "sam", "release: newer")
    assert not is_elsewhere(run)
    without: Any = SimpleNamespace(id="r1", ledger=ledger, lease=None)
    assert is_elsewhere(without)
    ledger.append("r1", "release.ended", "ada", {"end": "errored", "said": ""}, "ended")
    assert is_elsewhere(run)
