"""What is behind the two sides of a load balancer: hosts over SSH, or services of ECS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from sendoff.store import ArtifactStore

ENDLESS = 1 << 60  # bytes; a service has no disk that it could be asked for
EVERY = 5.0  # seconds between two looks

Tags = Mapping[str, str]


class Behind(NamedTuple):
    """What was found behind both sides. `fence`: the largest number that any of it has seen."""

    problems: tuple[str, ...] = ()
    free_bytes: int = ENDLESS
    fence: int = 0


class Patience:
    """Looks again and again until something is so, all looks together for so many seconds."""

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds, self._until = seconds, clock() + seconds
        self._clock, self._sleep = clock, sleep

    def until(self, where: str, lacking: Callable[[], str | None]) -> None:
        """Wait until nothing lacks; StepErrored with what does when the time is over."""
        while (lacks := lacking()) is not None:
            if self._clock() >= self._until:
                raise StepErrored(
                    f"{where}: not ready within {self._seconds:g} s ({lacks}), expected it to be; see to "
                    "what is behind it, or raise `healthy_within`, then try again: what is done stays done"
                )
            self._sleep(EVERY)


class Backing(Protocol):
    """What a release is put on. `side` is blue or green; all raise SendoffError kinds."""

    def look(self) -> Behind:
        """Read what stands in the way of changes; changes nothing."""

    def place(self, side: str, artifact: Artifact, store: ArtifactStore, hold: Callable[[], object]) -> Tags:
        """Put a release where a side can run it, which does not yet; gives tags to know it by.

        `hold` is called before what cannot be done twice; it raises Fenced when we were overtaken.
        """

    def start(self, side: str, release: str, tags: Tags, patience: Patience) -> None:
        """Have a dark side run a release that was placed; CheckFailed when it does not come up."""

    def lacking(self, side: str, tags: Tags) -> str | None:
        """Say why a side does not run what its tags say; None when it does."""

    def take_away(self, side: str, release: str) -> None:
        """Have a dark side run a release no more, as far as that can be."""

    def prune(self, keep: int, spare: frozenset[str]) -> tuple[str, ...]:
        """Take the oldest releases away that lie behind either side; tells what went where."""

    def close(self) -> None:
        """Hang up."""
