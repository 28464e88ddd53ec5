"""Tell people and programs of one event of a release: started by Sendoff whenever there is one."""

from __future__ import annotations

import os
from contextlib import closing

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tasks.telling import tell_in_rounds


@flow(name="tell", retries=5, retry_delay_seconds=30)
def tell(release: str, event: str, tried: int = 0) -> State[None]:
    """Tell those who are to be told of an event. Sendoff starts this by itself; it is safe to repeat.

    Args:
        release: The run that it is about
        event: The hash of the event in the ledger
        tried: How many runs have tried before
    """
    with closing(Ledger.open(Settings.read(os.environ).ledger_url)) as ledger:
        return Completed(message=tell_in_rounds(ledger, release, event, tried))
