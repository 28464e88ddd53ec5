"""Have told what is not told yet of a run, without ever failing: `python -m deployments.tell RUN`."""

from __future__ import annotations

import os
import sys
from contextlib import closing

from prefect.client.orchestration import get_client

from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tasks.telling import tell_of


def main(run: str) -> None:
    """Start what tells of it."""
    with closing(Ledger.open(Settings.read(os.environ).ledger_url)) as ledger:
        created = ledger.last(run, ("release.created",))
        if created is not None:
            with get_client(sync_client=True) as client:
                tell_of(client, ledger, created)


if __name__ == "__main__":
    main(sys.argv[1])
