"""`make chaos`: strike every victim at every boundary of a release, and write down what came of it."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from tests.chaos.matrix import Matrix, find_boundaries
from tests.chaos.table import HEAD, Row, keep, page
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
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with tempfile.TemporaryDirectory(prefix="sendoff-chaos-") as folder:
        try:
            rows = _run(Path(folder), options.victims.split(","), options.boundaries.split(","))
        finally:
            shutil.copytree(Path(folder) / "logs", RESULTS.parent / "logs", dirs_exist_ok=True)
            unmount(Path(folder))
    print(page(rows).removeprefix(HEAD))
    return 1 if any(row.problems for row in rows) else 0


def _run(folder: Path, victims: list[str], words: list[str]) -> list[Row]:
    """Strike one victim after the other. What came of each is kept at once, unless boundaries were chosen."""
    deadline, rows = time.monotonic() + BOUND, list[Row]()
    with World.made(folder) as world:
        found = find_boundaries(world)
        chosen = [pair for pair in found.items() if any(word in pair[0] for word in words)]
        _say(f"{len(found)} boundaries: {', '.join(found)}")
        matrix = Matrix(world, deadline, _say)
        for victim in VICTIMS:
            if not any(word in victim.name for word in victims) or not victim.is_possible():
                continue
            cells = matrix.wave(victim(), chosen)
            mine = [
                Row(each.victim, each.boundary, each.end, each.seconds, tuple(each.problems))
                for each in cells
            ]
            rows += mine
            if not any(words):
                PAGE.write_text(page(keep(RESULTS, mine, [each.name for each in VICTIMS])))
    return rows


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    over.set()
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
