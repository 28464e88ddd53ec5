"""All releases, victim by victim: as many at a time as the machine can bear."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.chaos.application import DURING, FIRST, describe
from tests.chaos.cell import ENDS, Cell
from tests.chaos.seen import on_worker, problems
from tests.chaos.victims import Victim
from tests.chaos.world import World

NOT_TRIED = "not tried: the time was over"


def find_boundaries(world: World) -> dict[str, str]:
    """Let each story run once, and note the points that it passes; gives the story for each, in order.

    The first of them is what all other releases begin with.
    """
    describe(world, FIRST)
    world.register()
    first = Cell(world, "release", "none", FIRST, name=FIRST)
    first.begin()
    _finish(first)
    others = [Cell(world, story, "none", "nobody") for story in ENDS if story != "release"]
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda cell: (cell.start(), _finish(cell)), others))
    found: dict[str, str] = {}
    for cell in (first, *others):
        if cell.problems:
            raise RuntimeError(f"{cell.story}: {cell.problems} before anything was struck")
        for point in cell.post("trace").read_text().splitlines():
            found.setdefault(point, cell.story)
    return found | dict.fromkeys(DURING, "release")


@dataclass(frozen=True)
class Matrix:
    """Releases to strike. `say` is told of each that is over; none begins that may not be over in time."""

    world: World
    deadline: float
    say: Callable[[str], None]

    @classmethod
    def until(cls, world: World, seconds: float, say: Callable[[str], None]) -> Matrix:
        return cls(world, time.monotonic() + seconds, say)

    def wave(self, victim: Victim, boundaries: Sequence[tuple[str, str]]) -> list[Cell]:
        """Strike one victim at some boundaries, and look at what they have in common when all are over."""
        cells = [
            Cell(self.world, story, boundary, victim.name, victim.on_host) for boundary, story in boundaries
        ]
        if victim.group:
            with ThreadPoolExecutor(victim.group) as threads:
                list(threads.map(lambda cell: self._together(victim, [cell]), cells))
        else:
            self._together(victim, cells)
        if left := on_worker(self.world.machine):
            self._miss(cells[-1], f"left behind on the worker: {'; '.join(left)}")
        if broken := self.world.ledger.verify():
            self._miss(cells[0], f"the ledger does not verify: {broken}")
        return cells

    def _miss(self, cell: Cell, problem: str) -> None:
        cell.problems.append(problem)
        self.say(f"{cell.victim} at {cell.boundary!r} ({cell.story})\n  MISSED {problem}")

    def _together(self, victim: Victim, cells: Sequence[Cell]) -> None:
        if time.monotonic() + victim.lasts > self.deadline:
            for cell in cells:
                cell.problems.append(NOT_TRIED)
            return
        victim.prepare(self.world, cells)
        with ThreadPoolExecutor(len(cells)) as threads:
            list(threads.map(_reach, cells))
            ready = [cell for cell in cells if not cell.problems]
            for cell in ready:
                cell.strike()
            with noted(ready):
                victim.strike(self.world, ready)
            list(threads.map(_finish, ready))
        with noted(ready):
            victim.afterwards(self.world, ready)
        for cell in ready:
            with noted([cell]):
                cell.problems += problems(cell, (ENDS[cell.story], *victim.also), victim.about)
        for cell in cells:
            self._tell(cell)
            cell.tidy_up()

    def _tell(self, cell: Cell) -> None:
        took = f", {cell.seconds:.1f} s" if cell.seconds is not None else ""
        self.say(f"{cell.victim} at {cell.boundary!r} ({cell.story}): {cell.end}{took}")
        for problem in cell.problems:
            self.say(f"  MISSED {problem}")


def _reach(cell: Cell) -> None:
    with noted([cell]):
        cell.start()
        cell.reach()


def _finish(cell: Cell) -> None:
    with noted([cell]):
        cell.finish()


@contextmanager
def noted(cells: Sequence[Cell]) -> Iterator[None]:
    """Note what breaks here as a problem of cells, and let them go."""
    try:
        yield
    except Exception as error:
        for cell in cells:
            cell.problems.append(f"{type(error).__name__}: {error}")
            cell.go()
