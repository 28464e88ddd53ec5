"""Worlds beside each other, each in a process of its own: Prefect knows one server in a process."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from tests.chaos.matrix import Matrix, find_boundaries
from tests.chaos.table import Row
from tests.chaos.waves import Wave, Waves
from tests.chaos.world import World, over


class WorldApart:
    """Another process with a world, which strikes what it is told to and what is over by the deadline."""

    def __init__(self, folder: Path, deadline: float) -> None:
        spawning = get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_serve, args=(folder, deadline, theirs), name=folder.name)
        self._process.start()
        theirs.close()

    def strike(self, waves: Waves, ended: Callable[[Sequence[Row], Sequence[str]], None]) -> list[Row]:
        """Take waves until none is left; `ended` is told what came of each, and the boundaries in order."""
        rows: list[Row] = []
        try:
            for wave in waves.take(self._pipe.recv()):
                self._pipe.send(wave)
                struck = self._pipe.recv()
                ended(struck, waves.boundaries)
                rows += struck
        except (EOFError, ConnectionError) as error:
            raise RuntimeError(f"{self._process.name} ended too early; what it said stands above") from error
        finally:
            self._pipe.close()  # it takes down its world, and ends
            self._process.join()
        if self._process.exitcode and not over.is_set():
            raise RuntimeError(f"{self._process.name} did not come to an end; what it said stands above")
        return rows

    def stop(self) -> None:
        """Have it take down its world."""
        self._process.terminate()


def say(line: str) -> None:
    """Tell somebody who watches."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def heed_signals() -> None:
    """Come to an end in order when somebody interrupts, once."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not over.is_set():
        over.set()
        raise KeyboardInterrupt


def _serve(folder: Path, deadline: float, orders: Connection) -> None:
    """Be that process."""
    heed_signals()
    with suppress(KeyboardInterrupt, EOFError), World.made(folder) as world:
        found = find_boundaries(world)
        orders.send(found)
        matrix = Matrix(world, deadline, say)
        while True:
            wave: Wave = orders.recv()
            orders.send([cell.row for cell in matrix.wave(wave.victim(), wave.boundaries)])
