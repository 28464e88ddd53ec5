"""What has to be true when a release is over, whatever died: looked at from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from sendoff.ledger.models import resource
from tests.chaos.cell import Cell
from tests.chaos.processes import in_folder
from tests.kit.runs import processes

T = TypeVar("T")
GRACE = 10.0  # seconds that a process has to end, and to tidy up, after its run has come to its end
WAKES = 90.0  # the same for one that was believed dead: it may ask a server that was away a minute later
ONCE = ("build", "deploy", "go-live", "prune", "undo")
FORWARD, BACK = ("0", "1"), ("1", "0")


def problems(cell: Cell, ends: tuple[str, ...], about: tuple[str, ...]) -> Iterator[str]:
    """List what is not as it should be. `ends`: all that are right; `about`: words of which other ends than
    the story's own have to say one, as they have to name their cause."""
    if alive := until_none(partial(processes, cell.run), WAKES):
        yield f"its processes are still there: {alive}"
    story = "Undone" if cell.story == "undone" else "Live"
    if cell.end not in ends:
        yield f"ended as {cell.end!r}, expected {' or '.join(ends)}: {cell.said[-300:]}"
    ended = cell.world.ledger.last(cell.run, ("release.ended",))
    why = ended.body["said"] if ended else ""
    if cell.end != story and not any(word in why.lower() for word in about):
        yield f"its end does not speak of {' or '.join(about)}: {why[-300:]}"
    for host in cell.world.hosts:
        for problem in _on_host(cell, cell.root(host), "1" if cell.end == "Live" else "0"):
            yield f"{host}: {problem}"
    yield from _in_ledger(cell)


def _on_host(cell: Cell, root: Path, wanted: str) -> Iterator[str]:
    live = (root / "current").readlink().name.partition("-")[0]
    if live != wanted:
        yield f"{live} is live, expected {wanted}"
    switches = journal(root)
    expected = {"Live": [[FORWARD]], "Undone": [[], [FORWARD, BACK]]}.get(cell.end, [[], [FORWARD, BACK]])
    if switches not in expected:
        yield f"its journal has {switches}, expected {expected}"
    commands = root / "shared" / "commands"
    ran = commands.read_text().split("\n")[:-1] if commands.exists() else []
    if cell.end == "Live" and sorted(ran) != ["after 1", "before 1"]:
        yield f"commands ran {ran}, expected each once"
    if len(set(ran)) != len(ran):
        yield f"commands ran {ran}, expected none twice"
    yield from until_none(lambda: _left(root), GRACE)


def _left(root: Path) -> Iterator[str]:
    """List what broken work has left on a host, and what still runs there."""
    if left := [
        *(root / ".sendoff" / "tmp").glob("*"),
        *root.glob(".current.*"),
        *(root / ".sendoff").glob("*.new"),
    ]:
        yield f"left behind: {', '.join(str(path.relative_to(root)) for path in left)}"
    if alive := in_folder(root):
        yield f"still runs: {'; '.join(alive)}"


def journal(root: Path) -> list[tuple[str, str]]:
    """Read which versions a host was switched from and to, since the first."""
    lines = (root / ".sendoff" / "journal").read_text().splitlines()[1:]
    return [(line.split()[1].partition("-")[0], line.split()[2].partition("-")[0]) for line in lines]


def _in_ledger(cell: Cell) -> Iterator[str]:
    ledger = cell.world.ledger
    ended = [event.body["end"] for event in ledger.events(cell.run, ("release.ended",))]
    if ended != [cell.end.lower()]:
        yield f"the ledger says that it ended as {ended}, and Prefect {cell.end!r}"
    place = resource(cell.name, "production")
    if held := [lease for lease in ledger.leases() if lease.resource == place]:
        yield f"still held: {held[0].resource} under {held[0].token}"
    done = [event.body for event in ledger.events(cell.run, ("step.done",)) if event.body["changed"]]
    steps = [body["step"] for body in done if body["action"] in ONCE]
    if twice := sorted({step for step in steps if steps.count(step) > 1}):
        yield f"done more than once: {', '.join(twice)}"


def on_worker(machine: Path) -> list[str]:
    """List what broken work has left on a worker's disk, and the processes that still work there."""
    home, temporary = machine / "sendoff", machine / "tmp"
    sockets = temporary / f"sendoff-{os.geteuid()}"  # of deployments.process, as long as the worker lives

    def left() -> Iterator[str]:
        yield from map(str, (*(home / "builds").glob("*"), *(set(temporary.glob("sendoff-*")) - {sockets})))
        yield from in_folder(home / "builds")

    return until_none(left, GRACE)


def until_none(found: Callable[[], Iterable[T]], seconds: float) -> list[T]:
    """Look again and again until there is nothing to be found any more, or the time is over."""
    deadline = time.monotonic() + seconds
    while (left := list(found())) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left
