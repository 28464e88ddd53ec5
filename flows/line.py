"""Stop the line, or let it go, from the Prefect UI."""

from __future__ import annotations

import os
from contextlib import closing

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed

from sendoff import stopping
from sendoff.errors import BadInput, PolicyRefused
from sendoff.ledger import Ledger
from sendoff.settings import Settings
from sendoff.spec.intent import Line
from tasks.asking import this_run
from tasks.deeds import starter
from tasks.ends import state_of
from tasks.line import wake_held


@flow(name="stop-the-line", flow_run_name="line: {order.choice}")
def line(order: Line) -> State[None]:
    """Hold every release at its next safe point, or let all go on. What puts back is never held.

    Args:
        order: Stop or let go, why, and for which releases
    """
    settings = Settings.read(os.environ)
    with closing(Ledger.open(settings.ledger_url)) as ledger, get_client(sync_client=True) as client:
        run = client.read_flow_run(this_run().id)
        try:
            stopping.check_names(settings.catalog, *order.where)
            who = starter(run, order.who, ledger, settings)
            change = stopping.stop if order.choice == "stop" else stopping.let_go
            said = change(ledger, who.name, order.reason, order.where, who.is_proved, str(run.id))
        except (BadInput, PolicyRefused) as refused:
            return state_of("refused", str(refused))
        if order.choice == "let go":
            said = "; ".join((said, *wake_held(client, ledger)))
    return Completed(message=said)
