"""The processes of a run, found from outside."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def told(file: Path) -> str:
    """Read what the kernel tells of a process or a thread; nothing when it has ended meanwhile."""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def having(variable: str) -> list[int]:
    """Find the processes that were started with a variable, `NAME=value`."""
    all_of_them = Path("/proc").glob("[0-9]*/environ")
    return [int(environ.parent.name) for environ in all_of_them if variable in told(environ).split("\0")]


def processes(run: str) -> list[int]:
    """Find the processes of a run: the one that the worker started, and the flow's own."""
    return having(f"PREFECT__FLOW_RUN_ID={run}")


def makers(run: str) -> list[int]:
    """Find the process that a run's own is a copy of."""
    stats = [told(Path(f"/proc/{pid}/stat")) for pid in processes(run)]
    parents = {int(stat.rpartition(")")[2].split()[1]) for stat in stats if stat}
    name = "deployments.process.preloaded"
    return [pid for pid in parents if name in told(Path(f"/proc/{pid}/cmdline")).split("\0")]


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to all of them that are still there: one may end with another."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
