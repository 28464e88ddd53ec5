"""A run waits only where the server lets it, and only in the process that it is in."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State
from prefect.exceptions import Abort, Pause
from prefect.states import AwaitingRetry, Cancelling, Pending, Running, Scheduled, Suspended

from tasks import pausing as module
from tasks.pausing import pause_flow_run, suspend_flow_run


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the server answer with a state, whatever is proposed."""

    def answer(state: State[Any]) -> None:
        monkeypatch.setattr(module, "_this_run", uuid4)
        monkeypatch.setattr(module, "get_client", lambda sync_client: nullcontext())
        monkeypatch.setattr(module, "propose_state_sync", lambda **words: state)
        monkeypatch.setattr(module, "mark_flow_run_suspension_requested", lambda *words: None)

    return answer


@pytest.mark.parametrize(
    "state",
    [Scheduled(name="Resuming"), AwaitingRetry(), Pending(), Cancelling()],
    ids=lambda each: each.name,
)
@pytest.mark.parametrize("wait", [suspend_flow_run, pause_flow_run])
def test_goes_on_elsewhere(answers: Any, wait: Any, state: State[Any]) -> None:
    """A process that is not the run's any more is told so, and does nothing."""
    answers(state)
    with pytest.raises(Abort, match=f"the run cannot wait: the server has it as {state.name}"):
        wait("owner")


def test_suspended(answers: Any) -> None:
    """Its process is left once what had to be done is done."""
    done: list[str] = []
    answers(Suspended())
    with pytest.raises(Pause):
        suspend_flow_run("owner", after=lambda: done.append("told"))
    assert done == ["told"]


def test_has_waited_before(answers: Any) -> None:
    """It goes on at once, and says nothing."""
    answers(Running())
    suspend_flow_run("owner", after=lambda: pytest.fail("it does not wait"))
