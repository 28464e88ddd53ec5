"""Do at a site what a release's own process asks for."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any

from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.tasks import Task

from sendoff.errors import Fenced, PolicyRefused, SendoffError, StepErrored
from sendoff.ledger import Ledger
from sendoff.ledger.models import Lease
from sendoff.report.words import count
from sendoff.settings import Settings
from tasks.asking import this_run
from tasks.check import check_dark_on, check_live_on
from tasks.deeds import is_by_a_worker
from tasks.deploy import deploy_to
from tasks.durable import Served, on_hosts, told
from tasks.facts import look_at
from tasks.gates import not_agreed
from tasks.go_live import go_live_on, put_back
from tasks.order import Order, from_words
from tasks.prune import prune_on
from tasks.remove import remove_from
from tasks.run import Run

STEPS: dict[str, Task[..., Any]] = {
    each.name: each
    for each in (
        look_at, deploy_to, remove_from, check_dark_on, check_live_on, go_live_on, put_back, prune_on,
    )
}  # fmt: skip
MOVES = (go_live_on.name, put_back.name)
"""The steps that move traffic. Once it has moved nobody is asked any more, so a step back opens gates too."""


def serve(order: Order) -> State[Any]:
    """Do it on all its hosts; the state carries what came of each, or why nothing did."""
    try:
        served = _serve(order)
    except Fenced as fenced:
        return Failed(name="Fenced", message=str(fenced), data=Fenced(str(fenced)))
    except SendoffError as error:
        return Failed(name="Errored", message=str(error), data=error)
    came = {**served.results, **served.errors}
    if served.errors:
        return Failed(message=told(served.errors), data=came)
    return Completed(message=f"{count(len(came), 'host')} served", data=came)


def _serve(order: Order) -> Served:
    def masked(text: str) -> str:
        return run.mask(text)

    settings = Settings.read(os.environ)
    if settings.signed_by is not None and not is_by_a_worker(this_run()):
        raise PolicyRefused(
            "at-site: this was not asked for by the process of a release, expected that; start a release"
        )
    ledger = Ledger.open(settings.ledger_url, mask=masked)  # only the run writes to it
    with closing(ledger):
        created = ledger.last(order.run, ("release.created",))
        if created is None:
            raise StepErrored(
                f"ledger: knows no run {order.run}, expected that of the release; the workers of "
                f"site {order.site!r} need the same SENDOFF_LEDGER as the release's own"
            )
        run = Run(created, ledger, settings, get_run_logger(), site=order.site)
        if order.step in MOVES and (why_not := not_agreed(run, order.inputs.get("plan", ""))):
            raise PolicyRefused(f"{order.step}: {why_not}; nothing was moved")
        run.open()
        run.lease = _lease(run, order.number)
        step = STEPS[order.step].with_options(refresh_cache=True) if order.again else STEPS[order.step]
        with closing(run):
            return on_hosts(run, step, order.keys, **from_words(run, order.inputs))


def _lease(run: Run, number: int) -> Lease | None:
    """Find the lease under which this is asked for; Fenced when it is not held under that number any more."""
    if number == 0:
        return None
    for lease in run.ledger.leases():
        if (lease.resource, lease.release, lease.token) == (run.place.resource, run.id, number):
            return lease
    raise Fenced(f"{run.place.resource}: is not held under number {number} any more; nothing was done")
