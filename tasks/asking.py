"""Wait for the answer to a form. A plain function: Prefect suspends flows, never tasks."""

from __future__ import annotations

from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.flow_runs import pause_flow_run, suspend_flow_run
from prefect.input import RunInput

from tasks.answered import answered_before

A_YEAR = 365 * 86400


def answer_to(model: type[RunInput], key: str) -> dict[str, str]:
    """Suspend until there is an answer; a run without a deployment pauses where it is."""
    if this_run().deployment_id:
        given = answered_before(model, key) or suspend_flow_run(wait_for_input=model, key=key)
    else:
        given = pause_flow_run(wait_for_input=model, timeout=A_YEAR, poll_interval=1, key=key)
    return {name: str(getattr(given, name)) for name in model.model_fields}


def this_run() -> FlowRun:
    """Give the flow run that this is."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise RuntimeError("people are asked inside a flow run")
    return context.flow_run
