"""Start again what has ended, as a service manager would."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

from examples.processes import Processes
from sendoff.errors import StepErrored

TIMES, SECONDS = 3, 60.0  # who ends so often in so short a time is not started once more


def keep_alive(processes: Processes, start: Callable[[str], None]) -> NoReturn:
    """Watch until interrupted; raises when a part does not stay."""
    ends: dict[str, list[float]] = {}
    while True:
        for name in processes.ended():
            ends[name] = [*ends.get(name, ()), time.monotonic()][-TIMES:]
            if len(ends[name]) == TIMES and ends[name][-1] - ends[name][0] < SECONDS:
                raise StepErrored(str(processes.dead([name])))
            print(f"{name} ended with {processes.running[name].returncode}; starting it again.", flush=True)
            start(name)
        time.sleep(0.2)
