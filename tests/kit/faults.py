"""Deeds that meet a fault at each of their requests in turn, and have to come right all the same."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sendoff.errors import StepErrored
from tests.kit.network import Fault, Network


@dataclass(frozen=True)
class Deed:
    """Something to do over a network: `begin` gives what does it, twice if need be; `see` checks the end."""

    begin: Callable[[], Callable[[], object]]
    see: Callable[[], object]


@dataclass(frozen=True)
class Tally:
    """At how many requests a fault was met, and after how many of them the deed had to be done again."""

    points: int = 0
    errors: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.points + other.points, self.errors + other.errors)


def every_request(deeds: Sequence[Deed], network: Network, fault: Fault) -> Tally:
    """Do one after the other with a fault at their request 0, then 1, until none of them has as many.

    Each ends well, or as broken machinery, and then a repeat ends well. A deed leaves what the next one
    begins with.
    """
    tally, numbers = Tally(), itertools.count()
    while (met := _round(deeds, network, next(numbers), fault)).points:
        tally += met
    return tally


def undisturbed(deed: Deed, network: Network) -> int:
    """Do it with no fault at all, and count its requests."""
    network.heal()
    before = len(network.seen)
    deed.begin()()
    deed.see()
    return len(network.seen) - before


def _round(deeds: Sequence[Deed], network: Network, number: int, fault: Fault) -> Tally:
    return sum((_done(deed, network, number, fault) for deed in deeds), Tally())


def _done(deed: Deed, network: Network, number: int, fault: Fault) -> Tally:
    network.heal()
    do, errors, first = deed.begin(), 0, len(network.seen)
    network.nth(number, fault)
    try:
        do()
    except StepErrored:
        if len(network.seen) <= first + number:
            raise  # nothing was wrong with the network
        errors = 1
        do()
    network.settle()
    deed.see()
    return Tally(points=int(len(network.seen) > first + number), errors=errors)
