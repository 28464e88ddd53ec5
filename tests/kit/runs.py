"""The processes of a run, found from outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def having(variable: str) -> list[int]:
    """Find the processes that were started with a variable, `NAME=value`."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if variable in environ.read_text(errors="replace").split("\0"):
                found.append(int(environ.parent.name))
    return found


def processes(run: str) -> list[int]:
    """Find the processes of a run: the one that the worker started, and the flow's own."""
    return having(f"PREFECT__FLOW_RUN_ID={run}")


def makers(run: str) -> list[int]:
    """Find the process that a run's own is a copy of."""
    stats = [Path(f"/proc/{pid}/stat").read_text() for pid in processes(run)]
    parents = {int(stat.rpartition(")")[2].split()[1]) for stat in stats}
    name = "deployments.process.preloaded"
    return [pid for pid in parents if name in Path(f"/proc/{pid}/cmdline").read_text().split("\0")]


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to all of them that are still there: one may end with another."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
