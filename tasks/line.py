"""Releases that the stopped line holds: woken at once when it is let go."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound

from sendoff.ledger import Ledger
from tasks.waking import wake

HOLD = "hold-"  # how the keys of held runs begin


def wake_held(client: SyncPrefectClient, ledger: Ledger) -> Iterator[str]:
    """Have every release look again that the line holds; tells what came of each."""
    for created in ledger.running():
        last = ledger.last(created.release, ("release.held", "release.let_go"))
        if last is None or last.kind == "release.let_go":
            continue
        if not any(reason["kind"] == "line" for reason in last.body["reasons"]):
            continue
        try:
            run = client.read_flow_run(UUID(created.release))
        except (ObjectNotFound, ValueError):
            continue
        key = str(run.state.state_details.pause_key) if run.state else ""
        if key.startswith(HOLD):
            yield f"{run.name}: {wake(client, run, key)}"
