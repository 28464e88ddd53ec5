"""Hold an environment, so that no two runs change it at once."""

from __future__ import annotations

import time
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound

from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import End, Lease
from sendoff.reviewing import open_review
from tasks.keeper import Keeper
from tasks.run import Run

POLL = 1.0  # seconds between looks at a lease that is about to expire


def take_lease(run: Run) -> Keeper:
    """Take the lease of the environment, and keep it while this process lives.

    A run that goes on in another process takes its own anew. That of a run that is over is taken over, which
    may have to wait until it expires; LeaseHeld when its run goes on, or may go on.
    """
    run.lease = _taken(run)
    run.keeper = Keeper(run.ledger, run.lease, run.settings.lease).start()
    return run.keeper


def _taken(run: Run) -> Lease:
    place, why, term = run.place.resource, f"{run.flow}: {run.why.summary}", run.settings.lease
    deadline = time.monotonic() + term.total_seconds() + POLL
    while True:
        try:
            return run.ledger.take_lease(place, run.id, run.actor, why, term)
        except LeaseHeld as held:
            holder = held.lease
            over = is_over(holder, run)
            if over is None or time.monotonic() > deadline:
                raise
        if holder.expires is None or holder.expires <= run.now():
            lease = run.ledger.take_over(place, run.id, run.actor, why, holder.release, term)
            _write_down_end(run, holder.release, over)
            run.say(f"took {run.place} over from a run that is over ({over})")
            return lease
        time.sleep(POLL)


def is_over(lease: Lease, run: Run) -> str | None:
    """Say how the run that holds a lease ended, when nobody will go on with it; None when somebody may.

    A run that waits for people, or will be recovered, goes on. One that was started by hand is over when it
    lets its lease expire; so is one of another Prefect server, unless it waits for people there.
    """
    holder = _find(lease.release)
    if holder is not None and holder.state is not None and holder.state.is_final():
        return holder.state.name
    expired = lease.expires is not None and lease.expires <= run.now()
    if expired and (holder is None or holder.deployment_id is None):
        return "Lost"
    return None


def _find(release: str) -> FlowRun | None:
    with get_client(sync_client=True) as client:
        try:
            return client.read_flow_run(UUID(release))
        except ObjectNotFound:
            return None


def _write_down_end(run: Run, holder: str, over: str) -> None:
    end: End = "cancelled" if over == "Cancelled" else "errored"
    said = f"it was stopped from outside ({over}); what it left on hosts the next release will find"
    open_review(run.ledger, run.ledger.last(holder, ("release.created",)), end)
    run.ledger.append(holder, "release.ended", run.actor, {"end": end, "said": said}, "ended")
