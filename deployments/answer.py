"""Answer a run that waits for people: `python -m deployments.answer RUN '{"decision": …}'`."""

from __future__ import annotations

import json
import sys
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

COMMANDS = {"approval": "`sendoff approve`", "trouble": "`sendoff answer`"}


def answer(client: SyncPrefectClient, run: FlowRun, given: dict[str, Any]) -> str | None:
    """Give an answer; None when it was taken, else why not."""
    if run.state is None or not run.state.is_paused():
        return f"{run.name}: is {run.state_name}, expected a run that waits for an answer"
    if (question := asks(run)) != ("trouble" if "who" in given else "approval"):
        return f"{run.name}: waits for an answer to something else; use {COMMANDS.get(question, 'its page')}"
    result = client.resume_flow_run(run.id, run_input=fitting(given, fields(client, run)))
    if result.status == SetStateStatus.ACCEPT:
        return None
    return f"{run.name}: the answer was not taken: {getattr(result.details, 'reason', None)}"


def asks(run: FlowRun) -> str:
    """Tell what a run waits with, by the key of its question."""
    key = run.state.state_details.pause_key if run.state else None
    return str(key).partition("-")[0]


def fields(client: SyncPrefectClient, run: FlowRun) -> frozenset[str]:
    """Name the fields of the form that a run waits with."""
    state = run.state
    key = f"{state.name}-{state.state_details.pause_key}-schema".lower() if state else ""
    return frozenset(json.loads(client.read_flow_run_input(run.id, key)).get("properties", ()))


def fitting(given: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """Leave out what was not said, and who says it where the server knows that itself."""
    unsaid = {name for name in ("group", "until", "code") if given.get(name) == ""}
    unasked = {"approver", "group"} - known
    return {name: value for name, value in given.items() if name not in unsaid | unasked}


def find(client: SyncPrefectClient, wanted: str) -> FlowRun | None:
    """Find a run by id, or by name: the one that waits, else the newest."""
    try:
        return client.read_flow_run(UUID(wanted))
    except ObjectNotFound:
        return None
    except ValueError:
        named = FlowRunFilter(name=FlowRunFilterName(any_=[wanted]))
        newest = FlowRunSort.EXPECTED_START_TIME_DESC
        runs = client.read_flow_runs(flow_run_filter=named, sort=newest, limit=50)
        waiting = (run for run in runs if run.state is not None and run.state.is_paused())
        return next(waiting, next(iter(runs), None))


def main(wanted: str, payload: str) -> int:
    """Answer, and say what came of it."""
    with get_client(sync_client=True) as client:
        run = find(client, wanted)
        refused = answer(client, run, json.loads(payload)) if run else f"{wanted}: no such run here"
    print(refused or f"{wanted}: answered", file=sys.stderr if refused else sys.stdout)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
