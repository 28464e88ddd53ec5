"""Answer a run that waits for people: `python -m deployments.answer RUN '{"decision": …}'`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from sendoff.cli.signed_in import why
from sendoff.errors import PolicyRefused
from sendoff.report.words import listing

WHO = ("approver", "who")
COMMANDS = {"approval": "`sendoff approve`", "trouble": "`sendoff answer`", "hold": "`sendoff answer`"}
MAY_BE_UNSAID = ("group", "until", "code")
HOLD = ("wait", "ship anyway")  # what can be answered where a freeze holds a release
SEVERAL = 5  # runs of one name that are told


def answer(client: SyncPrefectClient, run: FlowRun, given: dict[str, Any]) -> str | None:
    """Give an answer; None when it was taken, else why not."""
    if refused := asks_nothing_of(run, meant_for(given)):
        return refused
    fields = form_of(client, run)
    if any(not given.get(name) for name in WHO if name in fields):
        return f"{run.name}: nobody is named, expected who answers; say so with --as"
    result = client.resume_flow_run(run.id, run_input=_said(given, fields))
    if result.status == SetStateStatus.ACCEPT:
        return None
    return f"{run.name}: the answer was not taken: {getattr(result.details, 'reason', None)}"


def asks_nothing_of(run: FlowRun, kind: str) -> str | None:
    """Tell why a run takes no answer of a kind; None when it waits for one."""
    if run.state is None or not run.state.is_paused():
        return f"{run.name}: is {run.state_name}, expected a run that waits for an answer"
    if (question := asks(run)) != kind:
        return f"{run.name}: waits for an answer to something else; use {COMMANDS.get(question, 'its page')}"
    return None


def _said(given: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what was not said, and who says it where the form does not ask."""
    unsaid = {name for name in MAY_BE_UNSAID if not given.get(name)}
    unasked = {*WHO, "group"}.difference(fields)
    return {name: value for name, value in given.items() if name not in unsaid | unasked}


def form_of(client: SyncPrefectClient, run: FlowRun) -> Mapping[str, Any]:
    """Read the fields of the form that a run waits with; where people sign in, none asks who they are."""
    keyset = run.state.state_details.run_input_keyset if run.state else None
    if keyset is None:
        return {}
    schema = json.loads(client.read_flow_run_input(run.id, keyset["schema"]))
    fields: Mapping[str, Any] = schema.get("properties", {})
    return fields


def outdated(client: SyncPrefectClient, run: FlowRun, given: dict[str, Any]) -> str | None:
    """Tell that an answer is not of what is shown now; the run itself would find out later."""
    code, shown = given.get("code"), code_of(form_of(client, run))
    if not (code and shown) or code.strip() == shown:
        return None
    return f"{run.name}: shows the code {shown} now, expected {code}; read it again, and answer for that"


def code_of(form: Mapping[str, Any]) -> str:
    """Give the short code of what a form is about; "" where it has none."""
    return str(form.get("code", {}).get("default", ""))


def meant_for(given: dict[str, Any]) -> str:
    """Tell which kind of question an answer is for."""
    if "who" not in given:
        return "approval"
    return "hold" if given.get("decision") in HOLD else "trouble"


def asks(run: FlowRun) -> str:
    """Tell what a run waits with, by the key of its question."""
    key = run.state.state_details.pause_key if run.state else None
    return str(key).partition("-")[0]


def find(client: SyncPrefectClient, wanted: str) -> FlowRun:
    """Find a run by id, or by name: the one that waits, else the newest; PolicyRefused unless it is one."""
    try:
        number = UUID(wanted)
    except ValueError:
        return _named(client, wanted)
    try:
        return client.read_flow_run(number)
    except ObjectNotFound:
        raise PolicyRefused(f"{wanted}: no such run here") from None


def _named(client: SyncPrefectClient, wanted: str) -> FlowRun:
    named, waits = FlowRunFilterName(any_=[wanted]), FlowRunFilterStateType(any_=[StateType.PAUSED])
    waiting = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(name=named, state=FlowRunFilterState(type=waits)), limit=SEVERAL
    )
    if len(waiting) > 1:
        ids = listing(sorted(str(run.id) for run in waiting))
        raise PolicyRefused(
            f"{wanted}: is the name of {ids}, which all wait, expected one; name it by its id"
        )
    newest = FlowRunSort.EXPECTED_START_TIME_DESC
    found = waiting or client.read_flow_runs(flow_run_filter=FlowRunFilter(name=named), sort=newest, limit=1)
    if not found:
        raise PolicyRefused(f"{wanted}: no such run here")
    return found[0]


def main(wanted: str, payload: str) -> int:
    """Answer, and say what came of it."""
    with get_client(sync_client=True) as client:
        try:
            run, given = find(client, wanted), json.loads(payload)
            refused, wanted = outdated(client, run, given) or answer(client, run, given), run.name
        except PolicyRefused as no_one:
            refused = str(no_one)
        except PrefectHTTPStatusError as error:
            refused = f"{wanted}: the answer was not taken: {why(error.response)}"
    print(refused or f"{wanted}: answered", file=sys.stderr if refused else sys.stdout)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
