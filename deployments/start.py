"""Start a registered story: `python -m deployments.start release --watch '{"what": …, "why": …}'`."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_UI_URL

from sendoff.cli.signed_in import why
from sendoff.cli.terminal import plain_console
from sendoff.cli.watch import watch_release, went_well
from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger
from sendoff.settings import Settings


def start(story: str, parameters: dict[str, Any]) -> tuple[str, str]:
    """Start a run; gives its id and the address of its page."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{story}/{story}")
        run = client.create_flow_run_from_deployment(
            deployment.id,
            parameters=parameters,
            idempotency_key=uuid4().hex,  # a request whose answer was lost is sent again
        )
    return str(run.id), f"{PREFECT_UI_URL.value()}/runs/flow-run/{run.id}"


def main(story: str, watch: str, payload: str) -> int:
    """Start it and say where to look; with --watch, stay until it ends. 0 when it ended well."""
    try:
        run, address = start(story, json.loads(payload))
    except ObjectNotFound:
        print(f"deployment {story!r}: is not registered, expected it on this server; run `sendoff register`")
        return 1
    except PrefectHTTPStatusError as refused:
        print(f"{story}: {why(refused.response)}; nothing was started")
        return 1
    print(address)
    return _watch(run) if watch == "--watch" else 0


def _watch(run: str) -> int:
    with closing(Ledger.open(Settings.read(os.environ).ledger_url)) as ledger:
        try:
            ended = watch_release(ledger, run, plain_console(), lambda: _wait(ledger, run))
        except PolicyRefused as refused:
            print(refused)
            return 1
    return 0 if went_well(ended) else 1


def _wait(ledger: Ledger, run: str) -> None:
    """Wait a moment; raises when the run was over before it could write anything down."""
    time.sleep(0.5)
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(UUID(run)).state
    if state is not None and state.is_final() and ledger.last(run, ("release.ended",)) is None:
        raise PolicyRefused(f"{state.name}: {state.message}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
