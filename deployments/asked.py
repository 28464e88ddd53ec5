"""Say what approvers are shown, as JSON: `python -m deployments.asked RUN`. `sendoff approve` prints it."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError

from deployments.answer import asks_nothing_of, code_of, find, form_of
from sendoff.cli.signed_in import why
from sendoff.errors import PolicyRefused


def asked(client: SyncPrefectClient, run: FlowRun) -> dict[str, str]:
    """Read what approvers of a run are shown now, with its code; PolicyRefused when it waits for none."""
    if refused := asks_nothing_of(run, "approval"):
        raise PolicyRefused(refused)
    return {
        "run": str(run.id),
        "name": run.name,
        "text": _text(client, run),
        "code": code_of(form_of(client, run)),
    }


def _text(client: SyncPrefectClient, run: FlowRun) -> str:
    keyset = run.state.state_details.run_input_keyset if run.state else None
    if keyset is None:
        return ""
    try:
        return str(json.loads(client.read_flow_run_input(run.id, keyset["description"])))
    except PrefectHTTPStatusError as error:
        if error.response.status_code == HTTPStatus.NOT_FOUND:
            return ""
        raise


def main(wanted: str) -> int:
    """Say it, or why there is nothing to say."""
    with get_client(sync_client=True) as client:
        try:
            print(json.dumps(asked(client, find(client, wanted))))
        except PolicyRefused as refused:
            print(refused, file=sys.stderr)
            return 1
        except PrefectHTTPStatusError as error:
            print(f"{wanted}: cannot be read: {why(error.response)}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
