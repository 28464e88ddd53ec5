"""`make up-production-like`: all parts of a production on this machine, watched until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from examples.demo.workspace import UI_PORT
from examples.production.place import APPROVER, OPERATOR
from examples.production.watch import keep_alive
from examples.production.wiring import Wiring
from sendoff.errors import SendoffError

FOLDER = Path(".production")
PEOPLE = {OPERATOR: "may do everything but approve", APPROVER: "approves what goes to production"}
TELL = """\

The Prefect UI, through HAProxy: {ui}

{parts}
It asks who you are: paste the line that is in one of these files.

{accounts}
In another terminal, start a release as {operator} and see how it goes on:

    . {variables}
    .venv/bin/sendoff release storefront --env production --version 2.4.1 \\
        --summary "Returns are free" --reason "Practice" --risk low --no-watch
    .venv/bin/sendoff status

It waits for {approver}: sign in as {approver} in the UI, and choose Resume there. Meanwhile, kill what you
like, such as

    kill -9 $(cat {pids}/api-1)

What has ended is told here, and started again. Logs are in {logs}. Ctrl-C stops everything.
"""


def main() -> int:
    """Start everything, tell what to try, and start again what ends, until interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with Wiring(FOLDER, os.environ.get("PORT")) as wiring:
            try:
                _run(wiring)
            finally:
                print("Stopping everything that was started.", flush=True)
    except KeyboardInterrupt:
        return 0
    except SendoffError as error:
        print(error, file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(wiring: Wiring) -> NoReturn:
    began, place = time.monotonic(), wiring.place
    print("Starting PostgreSQL, Redis, SeaweedFS, five processes of Prefect, HAProxy and three hosts.")
    if place.ui_port != UI_PORT:
        why = "as PORT= says" if os.environ.get("PORT") else f"as {UI_PORT} is taken; PORT= names another"
        print(f"The Prefect UI is at port {place.ui_port}, {why}.")
    wiring.start_all()
    print(f"All parts are there after {time.monotonic() - began:.0f} s.")
    parts = "".join(f"    {name:<12} {process.pid}\n" for name, process in wiring.processes.running.items())
    here = Path.cwd()
    accounts = "".join(
        f"    {(place.accounts / name).relative_to(here)}  ({what})\n" for name, what in PEOPLE.items()
    )
    names = {"variables": place.variables, "pids": place.pids, "logs": place.logs}
    shown = {name: path.relative_to(here) for name, path in names.items()}
    who = {"operator": OPERATOR, "approver": APPROVER}
    print(TELL.format(ui=place.ui, parts=parts, accounts=accounts, **who, **shown), flush=True)
    keep_alive(wiring.processes, wiring.start)


if __name__ == "__main__":
    sys.exit(main())
