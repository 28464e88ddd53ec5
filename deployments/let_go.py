"""Wake the releases that the line held: `python -m deployments.let_go`; `sendoff line go` calls it."""

from __future__ import annotations

import os
from contextlib import closing

from prefect.client.orchestration import get_client

from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tasks.line import wake_held


def main() -> None:
    """Wake them, and say which."""
    with (
        closing(Ledger.open(Settings.read(os.environ).ledger_url)) as ledger,
        get_client(sync_client=True) as client,
    ):
        for said in wake_held(client, ledger):
            print(said)


if __name__ == "__main__":
    main()
