"""What follows from what a host says of itself."""

from __future__ import annotations

from collections.abc import Iterable

from sendoff.targets.protocol import HostFacts


def surplus(facts: HostFacts, keep: int, spare: Iterable[str]) -> tuple[str, ...]:
    """List the releases to take away, oldest first, so that at most `keep` are left where that is allowed."""
    kept = {*spare, facts.live}
    over = max(len(facts.releases) - keep, 0)
    return tuple(name for name in facts.releases if name not in kept)[:over]


def skew(theirs: int, asked: float, heard: float) -> float:
    """Tell how far their clock is surely ahead, in seconds; it was read some time between asking and hearing.

    It is cut to whole seconds: that much is not counted, nor is the time that a slow answer was under way.
    """
    if theirs > heard:
        return theirs - heard
    return min(theirs + 1 - asked, 0.0)
