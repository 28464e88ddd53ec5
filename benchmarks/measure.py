"""Running one command from cold: how long it took, and how much of it was the client's own work."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cpu
from benchmarks.peers import Command


@dataclass(frozen=True)
class Measured:
    """Seconds of a run and CPU seconds of its client, and what went wrong if anything did."""

    seconds: float
    cpu: float
    wrong: str | None = None
    whole: float | None = None


@dataclass(frozen=True)
class Load:
    """CPU seconds of the farm, and how many cores others used meanwhile, on average."""

    farm: float
    others: float


def measure(command: Command, log: Path) -> Measured:
    """Run it to its end. CPU is counted of it and of all that it waited for: never of the daemons."""
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.argv,
            env={**os.environ, **command.environ},
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        if process.stdin is not None:
            process.stdin.write(command.stdin.encode())
            process.stdin.close()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = code = os.waitstatus_to_exitcode(status)
    wrong = f"exit code {code}; its output is in {log.name}" if code else None
    return Measured(seconds, used.ru_utime + used.ru_stime, wrong)


def under_load(run: Callable[[], Measured], daemons: Sequence[int]) -> tuple[Measured, Load]:
    """Run something and tell what the daemons and others did meanwhile."""
    began, busy, farm = time.perf_counter(), cpu.busy(), cpu.used(daemons)
    measured = run()
    cpu.settle(daemons)
    seconds, busy, farm = time.perf_counter() - began, cpu.busy() - busy, cpu.used(daemons) - farm
    return measured, Load(farm, max(busy - farm - measured.cpu, 0.0) / seconds)
