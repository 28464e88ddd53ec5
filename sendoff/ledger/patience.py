"""Patience with a database that is away for a moment: try again, ever more seldom, until a deadline."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sendoff.errors import StepErrored

T = TypeVar("T")
LOG = logging.getLogger(__name__)
FIRST, LONGEST = 0.1, 5.0  # seconds between two tries


class Away(StepErrored):
    """The database did not answer or broke off: whether what was under way was done is not known."""

    def __init__(self, where: str, what: str) -> None:
        self.where, self.what = where, what
        super().__init__(f"{where}: {what}, expected an answer; see that its database runs, and try again")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a database to come back, in seconds, and what time and chance are read from."""

    seconds: float = 120.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def attempt(self, work: Callable[[], T]) -> T:
        """Do it, again and again while the database is away; StepErrored when that is for too long."""
        deadline, pauses = self.clock() + self.seconds, self._pauses()
        while True:
            try:
                return work()
            except Away as away:
                pause = next(pauses)
                if self.clock() + pause > deadline:
                    raise self._too_long(away) from away
                LOG.warning("%s: %s; trying again in %.1f s", away.where, away.what, pause)
            self.sleep(pause)

    def _too_long(self, away: Away) -> StepErrored:
        return StepErrored(
            f"{away.where}: {away.what}, expected it back within {self.seconds:g} s; "
            "see that its database runs, and try again"
        )

    def _pauses(self) -> Iterator[float]:
        """Double each pause up to the longest, and spread it: many who wait do not come back all at once."""
        pause = FIRST
        while True:
            yield pause * (0.5 + self.chance() / 2)
            pause = min(2 * pause, LONGEST)


PATIENCE = Patience()
