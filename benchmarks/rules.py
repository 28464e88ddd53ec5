"""How long it takes to find the next moment at which something may ship, by many rules over a year."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

from sendoff.spec.timing import DAYS, Window
from sendoff.timing.prospect import Limit, Standing, prospect
from sendoff.timing.rules import Freeze, Rules

RULES = 500
YEAR = timedelta(days=366)
AIM = 0.050  # seconds
TIMES = 21
ZONES = (
    "UTC", "Europe/Zurich", "Europe/London", "Europe/Lisbon", "Europe/Kyiv", "America/New_York",
    "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Sao_Paulo", "America/Santiago", "Africa/Casablanca",
    "Africa/Cairo", "Asia/Beirut", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Asia/Singapore",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Apia",
)  # fmt: skip
START = datetime(2026, 3, 1, tzinfo=UTC)
STANDING = Standing(limits=(Limit(what="approvals", gate="owner", at=START + YEAR),))


def half_and_half() -> Rules:
    """Make as many windows as freezes; the freezes leave no gap for months."""
    chance = random.Random(1)
    freezes = [_freeze(START + timedelta(hours=12 * n), timedelta(hours=12)) for n in range(RULES // 2)]
    return Rules(windows=tuple(_window(chance) for _ in range(RULES // 2)), freezes=tuple(freezes))


def never() -> Rules:
    """Make nothing but windows, and one freeze over all of it: everything is looked through."""
    chance = random.Random(2)
    windows = tuple(_window(chance) for _ in range(RULES - 1))
    return Rules(windows=windows, freezes=(_freeze(START - YEAR, 3 * YEAR),))


def seconds(rules: Rules) -> list[float]:
    """Time it again and again; the first time, zones are looked through that are known after that."""
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        prospect(rules, STANDING, START, YEAR)
        took.append(time.perf_counter() - start)
    return took


def told(name: str, took: Sequence[float]) -> str:
    """Say how long it took, and whether that is good enough."""
    first, then = took[0], median(took[1:])
    met = "met" if max(first, then) < AIM else "NOT met"
    return (
        f"next moment, {RULES} rules over a year, {name}: {1000 * first:.1f} ms the first time, "
        f"{1000 * then:.1f} ms then (aim {1000 * AIM:.0f} ms: {met})"
    )


def main() -> None:
    """Measure and print both."""
    print(told("windows and freezes", seconds(half_and_half())))
    print(told("never open", seconds(never())))


def _window(chance: random.Random) -> Window:
    opens, closes = (f"{chance.randrange(24):02}:{chance.randrange(60):02}" for _ in range(2))
    days = tuple(chance.sample(DAYS, 3))
    return Window(days=days, opens=opens, closes=closes, timezone=chance.choice(ZONES))


def _freeze(begins: datetime, length: timedelta) -> Freeze:
    return Freeze(begins=begins, ends=begins + length, owner="ops", reason="a freeze")


if __name__ == "__main__":
    main()
