"""In which order all is struck, by several worlds at a time, so that the machine has work while some wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.chaos.victims import VICTIMS, Victim
from tests.chaos.world import over

T = TypeVar("T")
LONG = 300.0  # seconds that a wave may last, which then has to begin long before the time is over


@dataclass(frozen=True)
class Wave:
    """Boundaries, with the story that passes each, at which one victim is struck in one world."""

    victim: type[Victim]
    boundaries: tuple[tuple[str, str], ...]


class Waves:
    """Those that nobody has taken yet. `choose` makes them of the boundaries, which the first world finds."""

    def __init__(self, choose: Callable[[Mapping[str, str]], Sequence[Wave]]) -> None:
        self._choose, self._turn = choose, threading.Lock()
        self._left: deque[Wave] | None = None
        self.boundaries: tuple[str, ...] = ()

    def take(self, found: Mapping[str, str]) -> Iterator[Wave]:
        """Take one after the other, until none is left or somebody interrupts."""
        while not over.is_set():
            with self._turn:
                if self._left is None:
                    self._left, self.boundaries = deque(self._choose(found)), tuple(found)
                if not self._left:
                    return
                wave = self._left.popleft()
            yield wave


def in_order(chosen: Mapping[type[Victim], Sequence[tuple[str, str]]]) -> list[Wave]:
    """Cut what is to be struck into waves.

    Those in which a minute passes without work are spread evenly among the others, so that there is some;
    and so are those that may last long among them.
    """
    waves = [
        Wave(victim, tuple(chosen[victim][at : at + victim.wave]))
        for victim in VICTIMS
        for at in range(0, len(chosen.get(victim, ())), victim.wave)
    ]
    idle = [wave for wave in waves if wave.victim.idle]
    long = [wave for wave in idle if wave.victim.lasts > LONG]
    short = [wave for wave in idle if wave.victim.lasts <= LONG]
    return evenly(evenly(long, short), [wave for wave in waves if not wave.victim.idle])


def evenly(first: Sequence[T], second: Sequence[T]) -> list[T]:
    """Mix two lists, each in its order: the second over the whole, the first not over its last tenth."""
    parts = ((0.9, first), (1.0, second))
    placed = [(part * at / len(kind), each) for part, kind in parts for at, each in enumerate(kind)]
    return [each for _, each in sorted(placed, key=lambda pair: pair[0])]
