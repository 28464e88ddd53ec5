"""Have a run that waits look again, whether or not anybody has answered."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Running, Scheduled

from tasks.asking import this_run
from tasks.run import Run
from tasks.timers import set_timer

PATIENCE = 300.0  # seconds that a run may take to wait; it does right after its timer was set
PAUSE = 0.5


def wake_at(run: Run, key: str, at: datetime) -> None:
    """Wake this run at a time, if it still waits under this key then."""
    flow_run = this_run()
    set_timer(
        run,
        "wake",
        at,
        {"run": str(flow_run.id), "key": key},
        f"wake-{key}-{at.timestamp():.0f}",
        f"wake {flow_run.name}",
        lambda: wake_unless_gone_on(flow_run.id, key),
    )


def wake_unless_gone_on(run: UUID, key: str) -> str:
    """Wake a run if it waits under this key, or will in a moment; tells what came of it."""
    end = time.monotonic() + PATIENCE
    with get_client(sync_client=True) as client:
        while not has_waited(found := client.read_flow_run(run), key):
            if time.monotonic() > end:
                return "not needed: it did not wait for this"
            time.sleep(PAUSE)
        return wake(client, found, key)


def has_waited(run: FlowRun, key: str) -> bool:
    """Tell whether a run waits under a key, or has; one that is over never will."""
    return run.state is None or run.state.is_final() or key in (run.empirical_policy.pause_keys or ())


def wake(client: SyncPrefectClient, run: FlowRun, key: str = "") -> str:
    """Wake a run that waits, under this key if one is given; tells what came of it."""
    state = run.state
    if state is None or not state.is_paused() or key not in ("", state.state_details.pause_key):
        return "not needed: it does not wait for this any more"
    wanted: State[None] = Scheduled(message="woken: it looks again") if run.deployment_id else Running()
    result = client.set_flow_run_state(run.id, wanted)
    return "woken" if result.status == SetStateStatus.ACCEPT else "not needed: somebody was first"
