"""`make chaos`: strike every victim at every boundary of a release, and write down what came of it."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

from tests.chaos.cell import Cell
from tests.chaos.matrix import Matrix, find_boundaries
from tests.chaos.table import HEAD, Row, keep, page, read
from tests.chaos.victims import VICTIMS, unmount
from tests.chaos.world import World, over

RESULTS, PAGE = Path("build-output/chaos/results.json"), Path("docs/chaos.md")
BOUND = 40 * 60 - 120  # seconds after which no more begin; those that have begun come to their ends


def main() -> int:
    """Try all, or those that were asked for; 0 only when none was missed."""
    parser = argparse.ArgumentParser(prog="make chaos", description=main.__doc__)
    parser.add_argument("--victims", default="", help="some of them, with commas between")
    parser.add_argument(
        "--boundaries", default="", help="words, with commas between, one of which each has to hold"
    )
    parser.add_argument(
        "--go-on", action="store_true", help="only what has not been tried yet, or was missed"
    )
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with tempfile.TemporaryDirectory(prefix="sendoff-chaos-") as folder:
        try:
            with World.made(Path(folder)) as world:
                cells = _run(world, options.victims.split(","), options.boundaries.split(","), options.go_on)
        finally:
            shutil.copytree(Path(folder) / "logs", RESULTS.parent / "logs", dirs_exist_ok=True)
            unmount(Path(folder))
    print(page(read(RESULTS)).removeprefix(HEAD))
    return 1 if any(cell.problems for cell in cells) else 0


def _run(world: World, victims: list[str], words: list[str], go_on: bool) -> list[Cell]:
    """Strike one victim after the other; each cell is kept when it is over."""
    deadline, turn = time.monotonic() + BOUND, threading.Lock()
    found = find_boundaries(world)
    _say(f"{len(found)} boundaries: {', '.join(found)}")
    known = {(row.victim, row.boundary) for row in read(RESULTS) if go_on and not row.problems}

    def ended(cell: Cell) -> None:
        if over.is_set():  # what was interrupted was not missed
            return
        row = Row(cell.victim, cell.boundary, cell.end, cell.seconds, tuple(cell.problems))
        with turn:
            PAGE.write_text(page(keep(RESULTS, (row,), [victim.name for victim in VICTIMS], list(found))))

    matrix, cells = Matrix(world, deadline, _say, ended), list[Cell]()
    for victim in VICTIMS:
        chosen = [
            (boundary, story)
            for boundary, story in found.items()
            if any(word in boundary for word in words) and (victim.name, boundary) not in known
        ]
        if chosen and any(word in victim.name for word in victims) and victim.is_possible():
            tried = matrix.wave(victim(), chosen)
            for cell in (tried[0], tried[-1]):  # what is wrong with all of them was noted here last
                ended(cell)
            cells += tried
    return cells


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    over.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
