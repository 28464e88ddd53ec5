"""A run is woken from what it was to be woken from, and from nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Completed, Paused, Running, Suspended

from tasks import waking as module
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


class Waiting:
    """A server whose run waits only when it is looked at the third time."""

    def __init__(self, state: Any, keys: set[str]) -> None:
        self.state, self.keys, self.looks = state, keys, 0
        self.states: list[str] = []

    def __enter__(self) -> Waiting:
        return self

    def __exit__(self, *error: object) -> None:
        """Close nothing."""

    def read_flow_run(self, run: Any) -> Any:
        self.looks += 1
        there = self.looks >= 3
        policy = SimpleNamespace(pause_keys=self.keys if there else set())
        state = self.state if there else Running()
        return SimpleNamespace(id=run, state=state, deployment_id="d", empirical_policy=policy)

    def set_flow_run_state(self, run: Any, state: Any) -> Any:
        self.states.append(state.name)
        return SimpleNamespace(status=SetStateStatus.ACCEPT)


@pytest.mark.parametrize(
    ("state", "keys", "said"),
    [
        (Suspended(pause_key=KEY), {KEY}, "woken"),
        (Running(), {KEY}, "not needed: it does not wait for this any more"),
        (Completed(), set(), "not needed: it does not wait for this any more"),
    ],
    ids=["in a moment", "answered already", "over"],
)
def test_a_run_that_does_not_wait_yet(
    monkeypatch: pytest.MonkeyPatch, state: Any, keys: set[str], said: str
) -> None:
    """The timer is set right before the run waits: one that is due at once looks until it does."""
    server = Waiting(state, keys)
    monkeypatch.setattr(module, "get_client", lambda sync_client: server)
    monkeypatch.setattr(module, "PAUSE", 0)
    assert module.wake_unless_gone_on(uuid4(), KEY) == said
    assert server.looks == 3


def test_a_run_that_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not looked at for ever."""
    server = Waiting(Running(), set())
    monkeypatch.setattr(module, "get_client", lambda sync_client: server)
    monkeypatch.setattr(module, "PAUSE", 0)
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    assert module.wake_unless_gone_on(uuid4(), KEY) == "not needed: it did not wait for this"
