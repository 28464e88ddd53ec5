"""Suspend or pause a run as Prefect does it, but with a message that says why it waits."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from prefect._flow_run_suspension import mark_flow_run_suspension_requested
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import Abort, Pause, TerminationSignal
from prefect.input import RunInput, keyset_from_paused_state
from prefect.states import Paused, Suspended
from prefect.utilities.engine import propose_state_sync


def suspend_flow_run(
    key: str,
    wait_for_input: type[RunInput] | None = None,
    message: str = "",
    after: Callable[[], None] | None = None,
) -> None:
    """Suspend this run and leave its process by Pause; comes back when it has waited under this key before.

    Abort when the server does not let it wait: as the run is over there, or goes on in another process.
    TerminationSignal when somebody has cancelled it.

    Args:
        key: Under which it waits
        wait_for_input: What is asked; its form is there already
        message: Why it waits, for people
        after: What is done once it is suspended, before this process is left
    """
    run = _this_run()
    state = _proposed(run, Suspended(pause_key=key, message=message or None), wait_for_input)
    if state is None:
        return
    mark_flow_run_suspension_requested(run, state)
    if after:
        after()
    raise Pause(state=state)


def pause_flow_run(
    key: str,
    wait_for_input: type[RunInput] | None = None,
    message: str = "",
    timeout: int = 3600,
    poll_interval: int = 1,
) -> None:
    """Wait in this process until the run goes on; Abort and TerminationSignal as when it is suspended."""
    run = _this_run()
    state: State[None] = Paused(
        timeout_seconds=timeout, reschedule=False, pause_key=key, message=message or None
    )
    if _proposed(run, state, wait_for_input) is None:
        return
    with get_client(sync_client=True) as client:
        while (known := client.read_flow_run(run).state) is None or known.is_paused():
            time.sleep(poll_interval)
    _see_going_on(known)


def _proposed(run: UUID, state: State[None], model: type[RunInput] | None) -> State[None] | None:
    """Have the server accept a state; None when the run goes on instead, as it has waited for this before."""
    if model:
        state.state_details.run_input_keyset = {**keyset_from_paused_state(state)}  # type: ignore[dict-item]
    with get_client(sync_client=True) as client:
        accepted = propose_state_sync(client=client, state=state, flow_run_id=run)
    if accepted.is_paused():
        return accepted
    _see_going_on(accepted)
    return None


def _see_going_on(state: State[Any]) -> None:
    """Leave a run that does not go on in this process."""
    if state.is_cancelling():
        raise TerminationSignal(signal.SIGTERM)  # its worker sends that soon; it may find nobody any more
    if not state.is_running():  # a process that was believed dead woke, had it wait, and somebody answered
        raise Abort(f"it cannot wait or go on here: it is {state.name}")


def _this_run() -> UUID:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("only flow runs wait")
    return context.flow_run.id
