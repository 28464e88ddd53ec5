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
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from sendoff.cli.signed_in import why

WHO = ("approver", "who")
COMMANDS = {"approval": "`sendoff approve`", "trouble": "`sendoff answer`", "hold": "`sendoff answer`"}
MAY_BE_UNSAID = ("group", "until", "code")
HOLD = ("wait", "ship anyway")  # what can be answered where a freeze holds a release


def answer(client: SyncPrefectClient, run: FlowRun, given: dict[str, Any]) -> str | None:
    """Give an answer; None when it was taken, else why not."""
    if run.state is None or not run.state.is_paused():
        return f"{run.name}: is {run.state_name}, expected a run that waits for an answer"
    if (question := asks(run)) != meant_for(given):
        return f"{run.name}: waits for an answer to something else; use {COMMANDS.get(question, 'its page')}"
    fields = _fields(client, run)
    if any(not given.get(name) for name in fields.intersection(WHO)):
        return f"{run.name}: nobody is named, expected who answers; say so with --as"
    result = client.resume_flow_run(run.id, run_input=_said(given, fields))
    if result.status == SetStateStatus.ACCEPT:
        return None
    return f"{run.name}: the answer was not taken: {getattr(result.details, 'reason', None)}"


def _said(given: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    """Leave out what was not said, and who says it where the form does not ask."""
    unsaid = {name for name in MAY_BE_UNSAID if not given.get(name)}
    unasked = {*WHO, "group"} - fields
    return {name: value for name, value in given.items() if name not in unsaid | unasked}


def _fields(client: SyncPrefectClient, run: FlowRun) -> set[str]:
    """Read which fields the form has that a run waits with; where people sign in, none asks who they are."""
    keyset = run.state.state_details.run_input_keyset if run.state else None
    if keyset is None:
        return set()
    schema = json.loads(client.read_flow_run_input(run.id, keyset["schema"]))
    return set(schema.get("properties", {}))


def meant_for(given: dict[str, Any]) -> str:
    """Tell which kind of question an answer is for."""
    if "who" not in given:
        return "approval"
    return "hold" if given.get("decision") in HOLD else "trouble"


def asks(run: FlowRun) -> str:
    """Tell what a run waits with, by the key of its question."""
    key = run.state.state_details.pause_key if run.state else None
    return str(key).partition("-")[0]


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
        try:
            run = find(client, wanted)
            refused = answer(client, run, json.loads(payload)) if run else f"{wanted}: no such run here"
        except PrefectHTTPStatusError as error:
            refused = f"{wanted}: the answer was not taken: {why(error.response)}"
    print(refused or f"{wanted}: answered", file=sys.stderr if refused else sys.stdout)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
