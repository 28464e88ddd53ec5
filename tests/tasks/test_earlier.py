"""What a version has shown in the environment before is evidence for the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tasks.earlier import earlier

Gated = Any  # the classes stand in conftest.py, which tests do not import
PLACE = {"application": "shop", "environment": "staging", "target": "web", "host": "c", "version": "2"}


@pytest.fixture
def run(gated: Callable[..., Gated]) -> Gated:
    """Make a run to production, which comes after staging."""
    made = gated()
    environment = made.run.file.environments[0].model_copy(update={"after": "staging"})
    made.run.file = made.run.file.model_copy(update={"environments": (environment,)})
    return made


def went_live(run: Gated, release: str, name: str, undo: bool = False) -> None:
    run.at += timedelta(minutes=1)
    run.run.ledger.append(release, "host.live", "ada", {**PLACE, "release_name": name, "undo": undo})


def test_the_checks_of_the_release_before(run: Gated) -> None:
    """Those made when it was live there, of the newest release that brought it there."""
    name = run.planner.artifact.release_name
    for release in ("r1", "r2"):
        went_live(run, release, name)
        for when in ("dark", "live"):
            check = {"check": release, "when": when, "passed": True}
            run.run.ledger.append(release, "check.done", "ada", check)
    since = run.at
    went_live(run, "r3", "1-000000000000")
    went_live(run, "r3", name, undo=True)
    found = earlier(run.run, run.planner.artifact)
    assert found is not None
    assert (found.environment, found.since) == ("staging", since)
    assert [check["check"] for check in found.checks] == ["r2"]


def test_what_was_not_there_is_no_evidence(run: Gated) -> None:
    """Another version is none, and without `after` nothing has to come before."""
    went_live(run, "r1", "1-000000000000")
    assert earlier(run.run, run.planner.artifact) is None


def test_nothing_has_to_come_before(gated: Callable[..., Gated]) -> None:
    """The first environment has no other before it."""
    assert earlier(gated().run, gated().planner.artifact) is None
