"""The next moment at which a release may ship: by rules, locks, and what people agreed to. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sendoff.ledger.models import Lease
from sendoff.model import Frozen
from sendoff.timing.rules import HORIZON, Rules, next_moment


class Limit(Frozen):
    """Up to when something of a gate counts: the approvals that it has, or the gate itself while it waits."""

    what: Literal["approvals", "gate"]
    gate: str
    at: datetime


class Standing(Frozen):
    """What has a say besides the rules. `lock`: what another release has of the environment."""

    lock: Lease | None = None
    limits: tuple[Limit, ...] = ()


class Prospect(Frozen):
    """When it may ship, as it stands.

    `free`: the first moment at which the environment may be changed by it; None when none is known. `lost`:
    what counts no more by then, the first of it; there is no moment then, until people have answered again.
    """

    free: datetime | None = None
    lost: Limit | None = None

    @property
    def moment(self) -> datetime | None:
        """Give the first moment at which it may ship; None when none is known."""
        return None if self.lost else self.free


def prospect(rules: Rules, standing: Standing, at: datetime, horizon: timedelta = HORIZON) -> Prospect:
    """Find the first moment from `at` on at which it may ship, as far as that is known.

    Another release has the environment until its lease expires, at least, as it may be silent; one that waits
    for people has no end that is known. Approvals that are missing are taken to be given in time.
    """
    free = _free(rules, standing.lock, at, horizon)
    over = [each for each in standing.limits if free is not None and each.at <= free]
    return Prospect(free=free, lost=min(over, key=lambda each: each.at, default=None))


def _free(rules: Rules, lock: Lease | None, at: datetime, horizon: timedelta) -> datetime | None:
    if lock is None:
        return next_moment(rules, at, horizon)
    if lock.expires is None:
        return None
    begin = max(at, lock.expires)
    return next_moment(rules, begin, horizon - (begin - at))
