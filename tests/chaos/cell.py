"""One release that is stopped at one boundary, where something is struck, and what came of it."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zlib import crc32

from prefect.client.schemas.objects import FlowRun

from tests.chaos.application import describe, inherit
from tests.chaos.table import Row
from tests.chaos.world import STOPPED, World, until

ENDS = {"release": "Live", "approved": "Live", "undone": "Undone"}
REACHES = 600.0  # seconds to come to a boundary, on a busy machine
FINISHES = 600.0
LOOK = 1.0  # seconds between two looks; what is measured is read from the ledger
ASK = 10.0  # seconds after which the server, which has enough to do, is asked although nothing has happened


@dataclass
class Cell:
    """A release of an application of its own. `problems`: what is not as it should be at the end."""

    world: World
    story: str
    boundary: str
    victim: str
    on_host: bool = False  # whether a host is struck: what the run does on others says nothing then
    name: str = ""
    run: str = ""
    struck: datetime | None = None
    asked: float = 0.0  # when the server was asked last, by the monotonic clock
    end: str = "not tried"
    said: str = ""
    refused: str | None = None  # why its last answer was not taken
    seconds: float | None = None
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        words = f"{self.victim} {self.boundary} {self.story}".translate(str.maketrans(".:,", "   "))
        slug = "-".join(words.split())
        self.name = self.name or f"{slug[:31].rstrip('-')}-{crc32(slug.encode()):08x}"

    @property
    def row(self) -> Row:
        """Give what is kept of it."""
        return Row(self.victim, self.boundary, self.end, self.seconds, tuple(self.problems))

    def root(self, host: str) -> Path:
        return self.world.hosts[host].folder / self.name

    def post(self, kind: str) -> Path:
        return self.world.posts / f"{self.name}.{kind}"

    def start(self) -> None:
        describe(self.world, self.name, self.boundary, gated=self.story == "approved")
        inherit(self.world, self.name, sick=self.story == "undone")
        self.begin("1")

    def begin(self, version: str = "0") -> None:
        """Start the release of an application whose files are there."""
        self.post("armed").write_text(self.boundary)
        self.run = self.world.start(self.name, version)

    def reach(self) -> None:
        """Wait until it has come to its boundary."""
        until(self._has_reached, f"{self.name} comes to its boundary", REACHES, LOOK)

    def strike(self) -> None:
        """Note that its victim is struck now."""
        self.struck = datetime.now(UTC)

    def go(self) -> None:
        """Let it go on, if it still can."""
        self.post("go").touch()

    def finish(self) -> None:
        """Wait for its end, and note when it was at work again."""
        try:
            run = until(self._ended, f"{self.name} ends", FINISHES, LOOK)
        except TimeoutError:
            last = self.world.run(self.run)
            self.problems.append(f"it is {last and last.state_name}; its last answer: {self.refused}")
            raise
        assert run.state is not None
        self.end, self.said = run.state.name or "", run.state.message or ""
        if self.struck:  # the release may have ended by another process before it was
            at = next(iter(self._later_than(self.struck)), run.state.timestamp)
            self.seconds = max(0.0, (at - self.struck).total_seconds())

    def resumed(self) -> bool:
        """Tell whether it is at work again since it was struck, or over."""
        return bool((self.struck and self._later_than(self.struck)) or self._ended())

    def tidy_up(self) -> None:
        """Remove what would be in the way of later cells."""
        shutil.rmtree(self.world.catalog / self.name, ignore_errors=True)
        if not self.problems:
            for host in self.world.hosts:
                shutil.rmtree(self.root(host), ignore_errors=True)

    def _later_than(self, moment: datetime) -> list[datetime]:
        """List when the run itself has written to the ledger since."""
        events = [event for event in self.world.ledger.events(self.run) if event.at > moment]
        if self.on_host:
            return [event.at for event in events if event.body.get("host") == STOPPED]
        return [event.at for event in events if event.kind != "release.recovered"]

    def _has_reached(self) -> bool:
        if self.post("reached").exists():
            return True
        if over := self._ended():
            said = over.state.message if over.state else ""
            raise RuntimeError(f"it ended before: {over.state_name}: {said}")
        return False

    def _ended(self) -> FlowRun | None:
        run = self._looked()
        return run if run and run.state and run.state.is_final() and not run.state.is_crashed() else None

    def _looked(self) -> FlowRun | None:
        """Look at the run, if it may have ended or ask something, and answer what it asks."""
        told = self.world.ledger.last(self.run, ("release.ended", "approval.asked", "approval.answered"))
        is_worth_it = told is not None and told.kind != "approval.answered"
        if not is_worth_it and time.monotonic() < self.asked + ASK:
            return None
        self.asked = time.monotonic()
        run = self.world.run(self.run)
        if run and run.state and run.state.is_paused():
            self.refused = self.world.approve(run)
        return run
