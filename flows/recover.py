"""Have a run go on whose process has died. Automations start it; see `deployments/automations.py`."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import datetime
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tasks.recovery import Recovery
from tasks.run import sweep_machine


@flow(name="recover", flow_run_name="recover {run}", retries=5, retry_delay_seconds=10)
def recover(run: UUID, silent: bool = False, since: datetime | None = None) -> State[None]:
    """Have a run go on whose process has died, or bring to an end what nobody goes on with.

    It looks at the run before it does anything, so it may be started at any time. What was left on this
    machine by processes that died is removed, as no other run may come to do so.

    Args:
        run: The id of the run
        silent: Whether nothing is heard of its process any more
        since: When it was looked at for that before: one that was heard of since lives
    """
    settings = Settings.read(os.environ)
    sweep_machine(settings)
    ledger = Ledger.open(settings.ledger_url)
    with closing(ledger), get_client(sync_client=True) as client:
        recovery = Recovery(client, ledger, by=str(flow_run.id), settings=settings)
        return Completed(message=recovery.look_after(run, silent, since))
