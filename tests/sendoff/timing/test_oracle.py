"""May it ship, and when next: against an oracle that walks minute by minute and asks the clocks each time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sendoff.ledger.models import Event, Lease
from sendoff.spec.timing import DAYS, FreezeCalendar, Window
from sendoff.timing.calendar import freezes, read
from sendoff.timing.prospect import prospect
from sendoff.timing.rules import Freeze, Rules, Stop, Unread, for_running, may_ship, next_moment, without
from sendoff.timing.standing import standing_of

CALENDARS = 10_000
MINUTE = timedelta(minutes=1)
CHANGES = {  # a day on which clocks are changed there, by an hour, by half of one, at midnight, or over a day
    "Europe/Zurich": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "America/Santiago": ("2026-04-05", "2026-09-06"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Asia/Beirut": ("2026-03-29", "2026-10-25"),
    "Africa/Cairo": ("2026-04-24", "2026-10-30"),
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),
    "America/Havana": ("2026-03-08", "2026-11-01"),
    "Pacific/Apia": ("2011-12-30", "2011-09-24"),
    "Asia/Kathmandu": ("2026-06-01", "2026-12-31"),
}
ZONES = tuple(CHANGES)


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def some_window(chance: random.Random, home: str) -> Window:
    """Near the hours at which clocks are changed as often as not, short or long, also across midnight."""
    opens = chance.choice([chance.randrange(1440), chance.randrange(300), 0, 120, 1380])
    length = chance.choice([chance.randrange(1, 90), chance.randrange(1, 1440), 1440])
    days = chance.sample(DAYS, chance.choice([1, 2, 3, 7]))
    zone = home if chance.random() < 0.7 else chance.choice(ZONES)
    closes = (opens + length) % 1440
    return Window(days=tuple(days), opens=clock(opens), closes=clock(closes), timezone=zone)


def some_freeze(chance: random.Random, near: datetime) -> Freeze:
    begins = near + MINUTE * chance.randrange(-1440, 1440)
    length = MINUTE * chance.choice([chance.randrange(1, 120), chance.randrange(1, 1500)])
    return Freeze(begins=begins, ends=begins + length, owner="ops", reason="why")


def some_calendar(chance: random.Random, home: str) -> tuple[Rules, datetime]:
    day = datetime.fromisoformat(chance.choice(CHANGES[home])).replace(tzinfo=UTC)
    at = day + MINUTE * chance.randrange(-1440, 1440)
    windows = tuple(some_window(chance, home) for _ in range(chance.choice([0, 1, 1, 1, 2, 3])))
    frozen = tuple(some_freeze(chance, at) for _ in range(chance.choice([0, 0, 1, 2, 4])))
    return Rules(windows=windows, freezes=frozen), at


@dataclass(frozen=True)
class World:
    """A release that is to ship at a moment, and all that may be in its way.

    `began`: when it began to go live. `lock`: of another release. `given`: when people approved, of `count`.
    """

    rules: Rules
    began: datetime | None
    overridden: frozenset[str]
    lock: Lease | None
    gate: dict[str, Any]
    asked: datetime | None
    given: tuple[datetime, ...]

    def events(self, told: Callable[..., Any]) -> Sequence[Event]:
        """Write down what has happened."""
        story = told(self.gate)
        if self.asked:
            story.asked("go", self.asked)
        for number, at in enumerate(self.given, 1):
            story.approved("go", f"person {number}", self.gate["count"] - number, at)
        if self.began:
            story.add("host.live", {"undo": False}, self.began)
        found: Sequence[Event] = story.events(START)
        return found

    def in_force(self) -> Rules:
        """Give the rules without what does not hold this release."""
        return without(for_running(self.rules, self.began), self.overridden)


START = datetime(2011, 1, 1, tzinfo=UTC)


def some_lock(chance: random.Random, at: datetime) -> Lease | None:
    """Mostly none; else of one that waits for people, works, or is silent already."""
    if chance.random() < 0.7:
        return None
    expires = None if chance.random() < 0.2 else at + MINUTE * chance.randrange(-30, 400)
    where = {"resource": "shop/production", "release": "r2", "token": 1}
    return Lease(**where, actor="bob", why="w", since=START, expires=expires)


def some_gate(
    chance: random.Random, at: datetime
) -> tuple[dict[str, Any], datetime | None, tuple[datetime, ...]]:
    """Mostly none that was asked; else one that waits for people, or that all have approved for some time."""
    count, term = chance.randrange(1, 4), chance.randrange(10, 900)
    gate = {
        "name": "go",
        "count": count,
        "answers_expire": term * 60,
        "expires_after": chance.randrange(600, 2000) * 60,
    }
    if chance.random() < 0.6:
        return gate, None, ()
    number = chance.choice([count, chance.randrange(count)])
    ages = sorted((chance.randrange(min(term, 500)) for _ in range(number)), reverse=True)
    if chance.random() < 0.3:
        del gate["answers_expire"]
    if chance.random() < 0.3:
        del gate["expires_after"]
    return gate, at - MINUTE * 500, tuple(at - MINUTE * age for age in ages)


def some_world(chance: random.Random, home: str) -> tuple[World, datetime]:
    rules, at = some_calendar(chance, home)
    stop, away = Stop(reason="why", owner="ada", since=START), Unread(said="x.ics", owner="ops")
    rules = rules.model_copy(
        update={
            "windows": tuple(_lenient(chance, each) for each in rules.windows),
            "freezes": tuple(_lenient(chance, each) for each in rules.freezes),
            "stops": (stop,) if chance.random() < 0.03 else (),
            "unread": (away,) if chance.random() < 0.03 else (),
        }
    )
    began = at - MINUTE * chance.randrange(1, 600) if chance.random() < 0.3 else None
    overridden = frozenset(each.id for each in rules.freezes if chance.random() < 0.2)
    return World(rules, began, overridden, some_lock(chance, at), *some_gate(chance, at)), at


def _lenient(chance: random.Random, rule: Any) -> Any:
    return rule.model_copy(update={"may_finish": chance.random() < 0.3})


def minutes_of(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def shows(window: Window, at: datetime) -> bool:
    """Look at the clock on the wall there, as a person would."""
    wall = at.astimezone(ZoneInfo(window.timezone))
    now, today, yesterday = wall.hour * 60 + wall.minute, DAYS[wall.weekday()], DAYS[wall.weekday() - 1]
    opens, closes = minutes_of(window.opens), minutes_of(window.closes)
    if closes > opens:
        return today in window.days and opens <= now < closes
    return (today in window.days and now >= opens) or (yesterday in window.days and now < closes)


def oracle(rules: Rules, at: datetime) -> bool:
    frozen = any(each.begins <= at < each.ends for each in rules.freezes)
    return not frozen and (not rules.windows or any(shows(each, at) for each in rules.windows))


def reaches(world: World, freeze: Freeze) -> bool:
    """Tell whether a freeze holds this release: its owner may have let it through, or it may finish."""
    finishes = freeze.may_finish and world.began is not None and world.began < freeze.begins
    return freeze.id not in world.overridden and not finishes


def by_rules(world: World, at: datetime) -> bool:
    if world.rules.stops or world.rules.unread:
        return False
    if any(each.begins <= at < each.ends and reaches(world, each) for each in world.rules.freezes):
        return False
    windows = world.rules.windows
    finishes = world.began and any(each.may_finish and shows(each, world.began) for each in windows)
    return not windows or bool(finishes) or any(shows(each, at) for each in windows)


def by_people(world: World, at: datetime) -> bool:
    """Tell whether what was agreed to counts still at a moment; who is missing is taken to agree in time."""
    if world.began or not world.asked:
        return True
    term, end = world.gate.get("answers_expire"), world.gate.get("expires_after")
    if len(world.given) == world.gate["count"]:
        return term is None or all(at < each + timedelta(seconds=term) for each in world.given)
    return end is None or at < world.asked + timedelta(seconds=end)


def all_agree(world: World, at: datetime) -> bool:
    """Ask everybody at a moment, as a person would who goes from door to door."""
    lock = world.lock
    is_free = lock is None or (lock.expires is not None and lock.expires <= at)
    return is_free and by_people(world, at) and by_rules(world, at)


def walk(rules: Rules, at: datetime, minutes: int) -> datetime | None:
    return first(at, minutes, lambda moment: oracle(rules, moment))


def first(at: datetime, minutes: int, holds: Callable[[datetime], bool]) -> datetime | None:
    moments = (at + MINUTE * number for number in range(minutes))
    return next((moment for moment in moments if holds(moment)), None)


def calendars(seed: str, number: int) -> Iterator[tuple[Rules, datetime]]:
    chance = random.Random(seed)
    return (some_calendar(chance, seed.partition(" ")[0]) for _ in range(number))


@pytest.mark.parametrize("zone", ZONES)
def test_as_the_oracle_says(told: Callable[..., Any], zone: str) -> None:
    """The first moment is that of the oracle: over rules, locks, approvals, and the ends of gates."""
    chance, minutes, found = random.Random(zone), 1440, 0
    lost = {"approvals": 0, "gate": 0}
    for _ in range(CALENDARS // len(ZONES)):
        world, at = some_world(chance, zone)
        rules, leases = world.in_force(), [world.lock] if world.lock else []
        expected = first(at, minutes, partial(all_agree, world))
        answer = prospect(rules, standing_of(world.events(told), leases, at), at, MINUTE * minutes)
        assert answer.moment == expected, (world, at)
        assert may_ship(rules, at).allowed == by_rules(world, at), (world, at)
        found += expected not in (None, at)
        if answer.lost:
            lost[answer.lost.what] += 1
    assert found > CALENDARS // len(ZONES) // 10, "waiting is what is tried here"
    assert min(lost.values()) > 5, "approvals and gates run out as well"


@pytest.mark.parametrize("zone", ZONES)
def test_every_minute_around_a_change(zone: str) -> None:
    """From any minute on, also within what clocks skip or show twice, the answer is the same one."""
    for rules, at in calendars(zone, 10):
        for number in range(0, 2880, 7):
            now = at - timedelta(days=1) + MINUTE * number
            assert may_ship(rules, now).allowed == oracle(rules, now), (rules, now)


def as_event(number: int, freeze: Freeze, zone: str, chance: random.Random) -> str:
    """Write a freeze down in UTC, or by the clocks of a zone where they show these times only once."""
    times = (freeze.begins, freeze.ends)
    walls = [at.astimezone(ZoneInfo(zone)) for at in times]
    plain = all(wall.fold == 0 and wall.replace(fold=1).utcoffset() == wall.utcoffset() for wall in walls)
    if plain and chance.random() < 0.7:
        begins, ends = (f";TZID={zone}:{wall:%Y%m%dT%H%M%S}" for wall in walls)
    else:
        begins, ends = (f":{at:%Y%m%dT%H%M%SZ}" for at in times)
    return f"BEGIN:VEVENT\nUID:{number}\nDTSTART{begins}\nDTEND{ends}\nEND:VEVENT\n"


@pytest.mark.parametrize("zone", ZONES)
def test_through_a_calendar(zone: str) -> None:
    """It is the same when the freezes come from an iCalendar file."""
    chance, source = random.Random(zone), FreezeCalendar(calendar="x.ics", owner="ops", reason="why")
    for rules, at in calendars(f"{zone} in a file", 100):
        events = (as_event(number, each, zone, chance) for number, each in enumerate(rules.freezes))
        text = f"BEGIN:VCALENDAR\n{''.join(events)}END:VCALENDAR\n"
        found = freezes(read(text.encode(), "x.ics"), source, at, at + timedelta(days=1))
        through = rules.model_copy(update={"freezes": found})
        assert next_moment(through, at, timedelta(days=1)) == walk(rules, at, 1440), text
