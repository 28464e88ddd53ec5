"""Have something done at a time: Prefect itself wakes no run that is suspended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from tasks.asking import this_run
from tasks.run import Run


def set_timer(
    run: Run,
    flow: str,
    at: datetime,
    parameters: dict[str, str],
    key: str,
    name: str,
    locally: Callable[[], Any],
) -> None:
    """Start a flow at a time, by a run that Prefect holds until then: it outlives this process.

    A run without a deployment lives and dies with its process, and so do its timers.

    Args:
        run: The run for which it is
        flow: The flow; its deployment has the same name
        at: When
        parameters: What the flow is started with
        key: Under which there is one such timer of the run, however often it is set
        name: What the page of the timer's run is called
        locally: What is done at that time in this process, when the run has no deployment
    """
    flow_run = this_run()
    if not flow_run.deployment_id:
        seconds = max((at - run.now()).total_seconds(), 0)
        timer = threading.Timer(seconds, copy_context().run, (locally,))
        timer.daemon = True
        timer.start()
        return
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(f"{flow}/{flow}")
        except ObjectNotFound:
            run.say(f"deployment {flow!r}: is not there, so nothing happens at {at}; run `sendoff register`")
            return
        client.create_flow_run_from_deployment(
            deployment.id,
            parameters=parameters,
            state=Scheduled(scheduled_time=at),
            name=name,
            idempotency_key=f"{flow_run.id}-{key}",
        )
