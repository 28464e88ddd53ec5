"""A run waits only where the server lets it, and only in the process that it is in."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State
from prefect.exceptions import Abort, Pause, TerminationSignal
from prefect.states import AwaitingRetry, Cancelling, Crashed, Paused, Pending, Running, Scheduled, Suspended

from tasks import pausing as module
from tasks.pausing import pause_flow_run, suspend_flow_run


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the server answer with a state, whatever is proposed, and show others later."""

    def answer(state: State[Any], *later: State[Any]) -> None:
        shown = iter(later)
        client = SimpleNamespace(read_flow_run=lambda run: SimpleNamespace(state=next(shown)))
        monkeypatch.setattr(module, "_this_run", uuid4)
        monkeypatch.setattr(module, "get_client", lambda sync_client: nullcontext(client))
        monkeypatch.setattr(module, "propose_state_sync", lambda **words: state)
        monkeypatch.setattr(module, "mark_flow_run_suspension_requested", lambda *words: None)

    return answer


ELSEWHERE = pytest.mark.parametrize(
    "state", [Scheduled(name="Resuming"), AwaitingRetry(), Pending(), Crashed()], ids=lambda each: each.name
)
WAIT = pytest.mark.parametrize("wait", [suspend_flow_run, pause_flow_run])


@ELSEWHERE
@WAIT
def test_goes_on_elsewhere(answers: Any, wait: Any, state: State[Any]) -> None:
    """A process that is not the run's any more is told so, and does nothing."""
    answers(state)
    with pytest.raises(Abort, match=f"it cannot wait or go on here: it is {state.name}"):
        wait("owner")


@WAIT
def test_cancelled_before_it_waits(answers: Any, wait: Any) -> None:
    """Its process ends as if its worker had told it already, and does not wait."""
    answers(Cancelling())
    with pytest.raises(TerminationSignal):
        wait("owner")


@pytest.mark.parametrize(("state", "error"), [(Cancelling(), TerminationSignal), (Crashed(), Abort)])
def test_over_while_it_is_paused(answers: Any, state: State[Any], error: type[BaseException]) -> None:
    """Somebody who cancels a run that pauses in its process is not waited for."""
    answers(Paused(), Paused(), state)
    with pytest.raises(error):
        pause_flow_run("owner", poll_interval=0)


def test_goes_on_after_a_pause(answers: Any) -> None:
    """It comes back when somebody has answered."""
    answers(Paused(), Paused(), Running())
    pause_flow_run("owner", poll_interval=0)


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
