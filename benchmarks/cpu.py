"""Whose the processor was: the client's, the farm's, or that of others who use this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
SETTLED = 3.0  # seconds that a daemon has to see that its sessions have ended


def busy() -> float:
    """Tell for how many seconds cores have worked since this machine started, whoever for."""
    fields = [int(each) for each in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def used(pids: Iterable[int]) -> float:
    """Add up the CPU seconds of processes and of all their children that have ended."""
    return sum(_used(pid) for pid in pids)


def settle(pids: Iterable[int]) -> None:
    """Wait until processes have no children any more: only then is all of their work counted."""
    end = time.monotonic() + SETTLED
    waiting = list(pids)
    while waiting and time.monotonic() < end:
        waiting = [pid for pid in waiting if _children(pid)]
        time.sleep(0.02)


def _used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(each) for each in fields[11:15]) / TICK


def _children(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return ""
