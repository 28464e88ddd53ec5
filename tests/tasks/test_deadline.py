"""The clock answers only the question that it was set for, and only when nobody was first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Completed, Running, Suspended

from tasks import deadline as module
from tasks.deadline import answer_unless_answered

KEY = "trouble-go-live-2-1-1"


class Server:
    """A run that goes from state to state each time that it is looked at; takes answers or does not."""

    def __init__(self, *states: Any, keys: tuple[str, ...] = (), takes: bool = True) -> None:
        self.states, self.keys, self.takes = list(states), set(keys), takes
        self.given: list[dict[str, str]] = []

    def read_flow_run(self, run: Any) -> Any:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state.is_paused():
            self.keys.add(state.state_details.pause_key)
        return SimpleNamespace(state=state, empirical_policy=SimpleNamespace(pause_keys=set(self.keys)))

    def resume_flow_run(self, run: Any, run_input: dict[str, str]) -> Any:
        self.given.append(run_input)
        took, self.takes = self.takes, True
        return SimpleNamespace(status=SetStateStatus.ACCEPT if took else SetStateStatus.REJECT)


def told(monkeypatch: pytest.MonkeyPatch, server: Server) -> str:
    @contextmanager
    def client(sync_client: bool) -> Iterator[Server]:
        yield server

    monkeypatch.setattr(module, "get_client", client)
    monkeypatch.setattr(module, "PAUSE", 0.0)
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    return answer_unless_answered(uuid4(), KEY, "undo")


def test_what_waits_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers in nobody's name."""
    server = Server(Suspended(pause_key=KEY))
    assert told(monkeypatch, server) == "answered 'undo'"
    assert server.given == [{"decision": "undo", "who": "", "comment": ""}]


def test_nobody_is_named_where_people_sign_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The forms there have no field for it."""
    (tmp_path / "stamps.pub").touch()
    monkeypatch.setenv("SENDOFF_SIGNED_BY", str(tmp_path / "stamps.pub"))
    server = Server(Suspended(pause_key=KEY))
    told(monkeypatch, server)
    assert server.given == [{"decision": "undo", "comment": ""}]


def test_a_question_may_come_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timer is set first: the run, and then its form, may not be there yet."""
    server = Server(Running(), Suspended(pause_key=KEY), takes=False)
    assert told(monkeypatch, server) == "answered 'undo'"
    assert len(server.given) == 2


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (Server(Running(), keys=(KEY,)), "not needed: it was answered"),
        (Server(Suspended(pause_key="trouble-go-live-2-2-1"), keys=(KEY,)), "not needed: it was answered"),
        (Server(Completed()), "not needed: the run is over"),
        (Server(Running()), "not asked: the run did not wait for this"),
    ],
    ids=["answered", "asked something else since", "over", "never asked"],
)
def test_nothing_else_is_answered(monkeypatch: pytest.MonkeyPatch, server: Server, said: str) -> None:
    """Somebody who was first, another question, a run that is over: none is touched."""
    assert told(monkeypatch, server) == said
    assert server.given == []
