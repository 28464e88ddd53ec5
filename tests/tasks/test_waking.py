"""A run is woken from what it was to be woken from, and from nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Completed, Paused, Running, Suspended

from tasks.waking import wake

KEY = "approval-owner-1"


class Server:
    """Takes a new state, or says that somebody was first."""

    def __init__(self, takes: bool = True) -> None:
        self.takes = takes
        self.states: list[str] = []

    def set_flow_run_state(self, run: Any, state: Any) -> Any:
        self.states.append(state.name)
        return SimpleNamespace(status=SetStateStatus.ACCEPT if self.takes else SetStateStatus.REJECT)


def woken(server: Any, state: Any, key: str = KEY, deployment: Any = "d") -> str:
    run: Any = SimpleNamespace(id=uuid4(), state=state, deployment_id=deployment)
    return wake(server, run, key)


@pytest.mark.parametrize(
    ("state", "deployment", "then"),
    [(Suspended(pause_key=KEY), "d", "Scheduled"), (Paused(pause_key=KEY), None, "Running")],
    ids=["suspended", "paused where it is"],
)
@pytest.mark.parametrize("key", [KEY, ""], ids=["this question", "any"])
def test_woken(state: Any, deployment: str | None, then: str, key: str) -> None:
    """A suspended run is scheduled again, one whose process waits goes on in it."""
    server = Server()
    assert woken(server, state, key, deployment) == "woken"
    assert server.states == [then]


@pytest.mark.parametrize(
    "state", [Suspended(pause_key="approval-owner-2"), Running(), Completed()], ids=["other", "on", "over"]
)
def test_left_alone(state: Any) -> None:
    """A run that waits for something else, or not at all, is not touched."""
    server = Server()
    assert woken(server, state).startswith("not needed")
    assert server.states == []


def test_somebody_was_first() -> None:
    """An answer that was given at the same moment counts."""
    assert woken(Server(takes=False), Suspended(pause_key=KEY)) == "not needed: somebody was first"
