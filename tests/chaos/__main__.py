"""`make chaos`: strike every victim at every boundary of a release, and write down what came of it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from tests.chaos.apart import WorldApart, heed_signals, say
from tests.chaos.matrix import NOT_TRIED
from tests.chaos.table import HEAD, Row, keep, page, read
from tests.chaos.victims import VICTIMS, unmount
from tests.chaos.waves import Wave, Waves, in_order

RESULTS, PAGE = Path("build-output/chaos/results.json"), Path("docs/chaos.md")
CORES = len(os.sched_getaffinity(0))
WORLDS = [f"world-{number}" for number in range(1, min(CORES, 4) + 1)]  # while one waits, others have work
BOUND = 40 * 60 - 20  # seconds in which all is to be over; twenty to take it down


def main() -> int:
    """Try all, or those that were asked for; 0 only when none was missed."""
    parser = argparse.ArgumentParser(prog="make chaos", description=main.__doc__)
    words: dict[str, Any] = {"default": [""], "type": lambda text: text.split(",")}
    parser.add_argument("--victims", **words, help="some of them, with commas between")
    parser.add_argument(
        "--boundaries", **words, help="words, with commas between, one of which each has to hold"
    )
    parser.add_argument(
        "--go-on", action="store_true", help="only what has not been tried yet, or was missed"
    )
    options = parser.parse_args()
    heed_signals()
    with tempfile.TemporaryDirectory(prefix="sendoff-chaos-") as folder:
        try:
            rows = _run(Path(folder), **vars(options))
        finally:
            for name in WORLDS:
                logs = Path(folder) / name / "logs"
                logs.mkdir(parents=True, exist_ok=True)
                shutil.copytree(logs, RESULTS.parent / "logs" / name, dirs_exist_ok=True)
            unmount(Path(folder))
    print(page(read(RESULTS)).removeprefix(HEAD))
    if left := sum(row.problems == (NOT_TRIED,) for row in rows):
        print(f"{left} were not tried, as the time was over; python -m tests.chaos --go-on takes them up")
    return 1 if any(row.problems for row in rows) else 0


def _run(folder: Path, victims: list[str], boundaries: list[str], go_on: bool) -> list[Row]:
    """Strike wave after wave, in several worlds at a time; what came of each is kept when it is over."""
    deadline, turn = time.monotonic() + BOUND, threading.Lock()
    known = {(row.victim, row.boundary) for row in read(RESULTS) if go_on and not row.problems}

    def choose(found: Mapping[str, str]) -> list[Wave]:
        say(f"{len(found)} boundaries: {', '.join(found)}")
        wanted = [
            each for each in VICTIMS if any(word in each.name for word in victims) and each.is_possible()
        ]
        places = [place for place in found.items() if any(word in place[0] for word in boundaries)]
        return in_order(
            {each: [place for place in places if (each.name, place[0]) not in known] for each in wanted}
        )

    def ended(rows: Sequence[Row], found: Sequence[str]) -> None:
        tried = [row for row in rows if row.problems != (NOT_TRIED,)]
        with turn:
            PAGE.write_text(page(keep(RESULTS, tried, [victim.name for victim in VICTIMS], found)))

    waves, worlds = Waves(choose), [WorldApart(folder / name, deadline) for name in WORLDS]
    with ThreadPoolExecutor(len(worlds)) as threads:
        striking = [threads.submit(world.strike, waves, ended) for world in worlds]
        try:
            wait(striking)
        except KeyboardInterrupt:
            for world in worlds:
                world.stop()
            raise
    return [row for rows in striking for row in rows.result()]


if __name__ == "__main__":
    sys.exit(main())
