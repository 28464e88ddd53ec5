"""Hold an environment, so that no two runs change it at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound

from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import End
from tasks.run import Run


def take_lease(run: Run) -> None:
    """Take the lease of the environment; from a run that is over, it is taken over."""
    why = f"{run.flow}: {run.why.summary}"
    try:
        run.ledger.take_lease(run.place.resource, run.id, run.actor, why)
    except LeaseHeld as held:
        over = _final_state(held.lease.release)
        if over is None:
            raise
        run.ledger.take_over(run.place.resource, run.id, run.actor, why, held.lease.release)
        _write_down_end(run, held.lease.release, over)
        run.say(f"took {run.place} over from a run that was stopped from outside ({over.name})")


def _final_state(holder: str) -> State[Any] | None:
    """Ask Prefect how the holder ended; a run that this server does not know may be alive elsewhere."""
    with get_client(sync_client=True) as client:
        try:
            state = client.read_flow_run(UUID(holder)).state
        except ObjectNotFound:
            return None
    return state if state is not None and state.is_final() else None


def _write_down_end(run: Run, holder: str, over: State[Any]) -> None:
    end: End = "cancelled" if over.is_cancelled() else "errored"
    said = f"it was stopped from outside ({over.name}); what it left on hosts the next release will find"
    run.ledger.append(holder, "release.ended", run.actor, {"end": end, "said": said}, "ended")
