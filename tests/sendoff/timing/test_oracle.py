"""May it ship, and when next: against an oracle that walks minute by minute and asks the clocks each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sendoff.spec.timing import DAYS, FreezeCalendar, Window
from sendoff.timing.calendar import freezes, read
from sendoff.timing.rules import Freeze, Rules, may_ship, next_moment

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


def walk(rules: Rules, at: datetime, minutes: int) -> datetime | None:
    moments = (at + MINUTE * number for number in range(minutes))
    return next((moment for moment in moments if oracle(rules, moment)), None)


def calendars(seed: str, number: int) -> Iterator[tuple[Rules, datetime]]:
    chance = random.Random(seed)
    return (some_calendar(chance, seed.partition(" ")[0]) for _ in range(number))


@pytest.mark.parametrize("zone", ZONES)
def test_as_the_oracle_says(zone: str) -> None:
    """The first moment is that at which the oracle's first minute is, and at no other is one allowed."""
    minutes, found = 1440, 0
    for rules, at in calendars(zone, CALENDARS // len(ZONES)):
        expected = walk(rules, at, minutes)
        assert next_moment(rules, at, MINUTE * minutes) == expected, (rules, at)
        assert may_ship(rules, at).allowed == (expected == at), (rules, at)
        found += expected not in (None, at)
    assert found > CALENDARS // len(ZONES) // 10, "waiting is what is tried here"


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
