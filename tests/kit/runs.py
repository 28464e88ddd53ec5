"""The processes of a run, found from outside."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def processes(run: str) -> list[int]:
    """Find the processes of a run: the one that the worker started, and the flow's own."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PREFECT__FLOW_RUN_ID={run}" in environ.read_text(errors="replace").split("\0"):
                found.append(int(environ.parent.name))
        except OSError:
            continue
    return found


def send(run: str, number: signal.Signals) -> None:
    """Send a signal to all of them."""
    for pid in processes(run):
        os.kill(pid, number)
