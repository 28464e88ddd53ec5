"""What is where, environment by environment, from the placements of its hosts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from sendoff.ledger.models import Placement
from sendoff.model import Frozen


class Standing(Frozen):
    """One environment: the version that its newest placement brought, and how many hosts serve it.

    `left_out`: the hosts that it went live without, and that still serve something else.
    """

    application: str
    environment: str
    version: str | None
    release_name: str | None
    hosts: int
    of: int
    others: dict[str, int]
    left_out: tuple[str, ...] = ()
    since: datetime
    by: str

    @property
    def is_mixed(self) -> bool:
        """Tell whether its hosts serve different releases."""
        return bool(self.others)


def standings(placements: Iterable[Placement]) -> tuple[Standing, ...]:
    """Sum placements up, sorted by application and environment."""
    ordered = sorted(placements, key=lambda placed: (placed.application, placed.environment))
    groups = groupby(ordered, key=lambda placed: (placed.application, placed.environment))
    return tuple(_standing(list(placed)) for _, placed in groups)


def _standing(placed: list[Placement]) -> Standing:
    reached = [each for each in placed if not each.left_out_of]
    newest = max(reached or placed, key=lambda each: each.since)
    counts = Counter(each.release_name or "nothing" for each in placed)
    hosts = counts.pop(newest.release_name or "nothing")
    return Standing(
        application=newest.application,
        environment=newest.environment,
        version=newest.version,
        release_name=newest.release_name,
        hosts=hosts,
        of=len(placed),
        others=dict(sorted(counts.items())),
        left_out=tuple(
            each.host for each in placed if each.left_out_of and each.release_name != newest.release_name
        ),
        since=newest.since,
        by=newest.actor,
    )
