"""What people are told of when a run may change its environment: what puts back is never held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sendoff import stopping
from tasks.when import tell_when, when_lines, why_it_waits

Gated = Any  # the classes stand in conftest.py, which tests do not import
STOPPED = "ada stopped the line (an outage)"


@pytest.fixture
def made(gated: Callable[..., Gated]) -> Gated:
    """Make a release that is asked what to do, while the line is stopped."""
    made = gated()
    stopping.stop(made.run.ledger, "ada", "an outage", ("", ""))
    until = (made.at + timedelta(hours=1)).isoformat()
    asked = {"place": "undo", "number": 1, "said": "a could not be put back", "until": until}
    made.run.record("trouble.asked", {**asked, "otherwise": "retry"})
    return made


def test_a_release(made: Gated, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever is asked, plans or watches learns what holds it."""
    with caplog.at_level("INFO"):
        tell_when(made.run)
    assert STOPPED in why_it_waits(made.run)
    assert [STOPPED in line for line in when_lines(made.run)] == [True]
    assert STOPPED in caplog.text


def test_an_undo(made: Gated, caplog: pytest.LogCaptureFixture) -> None:
    """It goes on whatever is stopped, and says nothing of it."""
    made.run.record("release.undoing", {"why": "the check failed"})
    with caplog.at_level("INFO"):
        tell_when(made.run)
    said = why_it_waits(made.run)
    assert said.endswith("when it is 'retry'; after that it goes on at once")
    assert when_lines(made.run) == []
    assert "line" not in caplog.text + said
