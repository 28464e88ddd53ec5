"""Wait for the answer to a form. A plain function: Prefect suspends flows, never tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import Keyset, RunInput
from prefect.input.actions import delete_flow_run_input, read_flow_run_input
from prefect.input.run_input import keyset_from_base_key

A_YEAR = 365 * 86400


class Form(RunInput):
    """A form that is there before its run waits: a run that waits can always be answered."""

    @classmethod
    def save(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> None:
        """Write nothing where Prefect would: too late for a process that dies right before it."""

    @classmethod
    def write(cls, keyset: Keyset) -> None:
        """Write the form, in place of one that a process has left which died before its run waited."""
        for name in (keyset["schema"], keyset["description"]):
            if read_flow_run_input(name) is not None:
                delete_flow_run_input(name)
        super().save(keyset)


def answer_to(model: type[Form], key: str, before: Callable[[str], None] | None = None) -> dict[str, str]:
    """Suspend until there is an answer; a run without a deployment pauses where it is.

    Args:
        model: What is asked
        key: The name of the question; it is asked under this, or under this and a number when a process died
            that had asked: Prefect suspends no run twice under one key
        before: What is done before it is asked, with the key
    """
    run = this_run()
    way = "suspended" if run.deployment_id else "paused"
    seen = _seen(run)
    for asked in _keys(key):
        keyset = keyset_from_base_key(f"{way}-{asked}")
        given: Any = read_flow_run_input(keyset["response"])
        if given is not None:
            return _words(model.model_validate(given))
        if asked not in seen:
            break
    if before:
        before(asked)
    model.write(keyset)
    if run.deployment_id:
        return _words(suspend_flow_run(wait_for_input=model, key=asked))
    return _words(pause_flow_run(wait_for_input=model, timeout=A_YEAR, poll_interval=1, key=asked))


def this_run() -> FlowRun:
    """Give the flow run that this is."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("people are asked inside a flow run")
    return context.flow_run


def _keys(key: str) -> Iterator[str]:
    yield key
    number = 2
    while True:
        yield f"{key}_{number}"
        number += 1


def _seen(run: FlowRun) -> set[str]:
    """Read under which keys the run has waited before."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(run.id).empirical_policy.pause_keys or set()


def _words(given: RunInput) -> dict[str, str]:
    return {name: str(getattr(given, name)) for name in type(given).model_fields}
