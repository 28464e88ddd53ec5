"""Freezes of an iCalendar text: each event is one, however often it comes back. Libraries read it; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from sendoff.errors import BadInput, Problem
from sendoff.spec.hours import is_zone
from sendoff.spec.timing import AnyFreeze
from sendoff.timing.rules import Freeze
from sendoff.timing.text import DATED, WRITTEN, Line, Place, days_of, lines_of, places, ready

LENGTH: Any = icalendar.vDuration  # it has no types
Event = Any  # what the library gives is any of all that can stand in a calendar
TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
MOMENTS = ("DTSTART", "DTEND", "RECURRENCE-ID")
ONCE = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "UID", "STATUS")


@dataclass(frozen=True)
class Calendar:
    """A calendar that is right; `zone` is its own, if it says one."""

    label: str
    events: tuple[tuple[Place, Event], ...]
    parts: tuple[icalendar.Calendar, ...]
    zone: str | None = None


def read(content: bytes, label: str) -> Calendar:
    """Read a calendar; BadInput with all that is wrong, each with its line."""
    lines = lines_of(content, label)
    try:
        found: Any = icalendar.Calendar.from_ical(ready(lines), multiple=True)
    except Exception as error:  # what the library raises has no common base
        raise BadInput([Problem(label, 1, "", f"is no calendar ({_short(error)})", "iCalendar")]) from None
    parts = tuple(each for each in found if each.name == "VCALENDAR")
    if not parts or any(each.name != "VCALENDAR" for each in found):
        raise BadInput([Problem(label, 1, "", "is no calendar", "BEGIN:VCALENDAR")])
    events = [each for part in parts for each in part.walk("VEVENT")]
    where = places(lines)
    if len(events) != len(where):
        raise BadInput(
            [Problem(label, 1, "VEVENT", "begins or ends within another part", "BEGIN and END in turn")]
        )
    calendar = Calendar(label, tuple(zip(where, events, strict=True)), parts, _zone(lines, label))
    if problems := [*_wrong_events(calendar), *_twice(calendar)]:
        raise BadInput(problems)
    _name_all(calendar)
    _expand(calendar, datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
    return calendar


def freezes(calendar: Calendar, source: AnyFreeze, begin: datetime, end: datetime) -> tuple[Freeze, ...]:
    """Give the freezes of a calendar that touch a time, in order; a cancelled event is none."""
    zone = ZoneInfo(calendar.zone or source.timezone)
    found = set()
    for event in _expand(calendar, begin - timedelta(days=2), end + timedelta(days=2)):
        begins, ends = _span(event, zone)
        if begins < ends and ends > begin and begins < end and event.get("STATUS") != "CANCELLED":
            found.add(
                Freeze(
                    begins=begins,
                    ends=ends,
                    owner=source.owner,
                    reason=source.reason,
                    name=_name(event),
                    may_finish=source.may_finish,
                )
            )
    return tuple(sorted(found, key=lambda each: (each.begins, each.ends, each.name)))


def points(calendar: Calendar) -> Iterator[Problem]:
    """Find events that take no time, and so freeze nothing: that is no mistake, but seldom what was meant."""
    for place, event in calendar.events:
        if _takes_no_time(event) and event.get("STATUS") != "CANCELLED":
            who = repr(_name(event)) if _name(event) else "an event without a name"
            what = f"{who} takes no time, so it freezes nothing"
            yield Problem(calendar.label, place.line, "VEVENT", what, "a later end, or a whole day")


def _takes_no_time(event: Event) -> bool:
    begins = event["DTSTART"].dt
    if not isinstance(begins, datetime):
        return False
    if "DTEND" in event:
        return _moment(begins, UTC) == _moment(event["DTEND"].dt, UTC)
    return "DURATION" not in event or not event["DURATION"].dt


def _name(event: Event) -> str:
    return " ".join(str(event.get("SUMMARY", "")).split())[:200]


def _span(event: Event, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Tell from when to when it is: days of a DURATION count by the wall clock, its hours exactly."""
    begins, ends = event["DTSTART"].dt, event["DTEND"].dt
    if begins == ends and not isinstance(begins, datetime):
        ends += timedelta(days=1)  # a whole day that ends on itself: programs that write this mean the day
    written = event.get(WRITTEN)
    if written is None or ends - begins != LENGTH.from_ical(written):  # its end is said
        return _moment(begins, zone), _moment(ends, zone)
    days = days_of(written)
    return _moment(begins, zone), _moment(begins + days, zone) + (ends - begins - days)


def _moment(at: date, zone: tzinfo) -> datetime:
    """Place a whole day, or a time without a zone, by the clocks of a zone."""
    known = at if isinstance(at, datetime) else datetime.combine(at, time())
    return (known if known.tzinfo else known.replace(tzinfo=zone)).astimezone(UTC)


def _expand(calendar: Calendar, begin: datetime, end: datetime) -> list[Event]:
    """Give every occurrence that touches a time."""
    try:
        return [each for part in calendar.parts for each in _between(part, begin, end)]
    except Exception as error:  # what the libraries raise has no common base
        where = next((place for place, event in calendar.events if not _stands_alone(event)), Place(1, {}))
        line = where.properties.get("RRULE", where.line)
        problem = Problem(
            calendar.label, line, "VEVENT", f"cannot be worked out ({_short(error)})", "an event"
        )
        raise BadInput([problem]) from None


def _between(part: icalendar.Calendar, begin: datetime, end: datetime) -> Sequence[Event]:
    found: Sequence[Event] = recurring_ical_events.of(part).between(begin, end)
    return found


def _stands_alone(event: Event) -> bool:
    alone = icalendar.Calendar()
    alone.add_component(event)
    try:
        _between(alone, datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
    except Exception:  # as above: which event it is that they cannot work out
        return False
    return True


def _zone(lines: Sequence[Line], label: str) -> str | None:
    said = next((line for line in lines if line.name == "X-WR-TIMEZONE"), None)
    if said is None:
        return None
    if not is_zone(said.value):
        expected = "a name such as UTC or Europe/Zurich"
        what = f"unknown time zone {said.value!r}"
        raise BadInput([Problem(label, said.number, "X-WR-TIMEZONE", what, expected)])
    return said.value


def _wrong_events(calendar: Calendar) -> Iterator[Problem]:
    for place, event in calendar.events:
        yield from (
            Problem(calendar.label, place.properties.get(what, place.line), what, why, expected)
            for what, why, expected in _wrongs(event)
        )


def _said(event: Event, name: str) -> object:
    return event[name].dt if name in event else None


def _wrongs(event: Event) -> Iterator[tuple[str, str, str]]:
    twice = [name for name in ONCE if isinstance(event.get(name), list)]
    broken = {*twice, *(str(name) for name, _ in event.errors)}
    yield from ((name, "stands here twice", "it once") for name in twice)
    for name, why in event.errors:
        yield str(name), _short(why), "a value that iCalendar knows"
    if "DTSTART" not in event:
        yield "VEVENT", "'DTSTART' is missing", "when it begins"
    clocks = {name for name in MOMENTS if name not in broken and isinstance(_said(event, name), time)}
    yield from ((name, "is a time of day", "a day, or a day and a time") for name in sorted(clocks))
    broken |= clocks
    for name in DATED:
        if name not in broken:
            yield from (
                (name, f"unknown time zone {zone!r}", "one that is known") for zone in _lost(event, name)
            )
    if not broken & {"DTSTART", "DTEND"} and {"DTSTART", "DTEND"} <= event.keys():
        begins, ends = (_moment(event[name].dt, UTC) for name in ("DTSTART", "DTEND"))
        if ends < begins:
            yield "DTEND", "it ends before it begins", "a time after DTSTART"
    if "DURATION" not in broken and "DURATION" in event and event["DURATION"].dt < timedelta():
        yield "DURATION", "it ends before it begins", "a time that is not negative"
    for rule in [] if "RRULE" in broken else _each(event.get("RRULE")):
        often = [str(each) for each in rule.get("FREQ", [])]
        if set(often) & set(TOO_OFTEN):
            yield "RRULE", f"comes back {often[0].lower()}", "DAILY or more seldom"
        if 0 in rule.get("INTERVAL", []):
            yield "RRULE", "comes back after no time", "INTERVAL=1 or more"


def _lost(event: Event, name: str) -> Iterator[str]:
    """Name the time zones that a property asks for and that nobody knows."""
    for value in _each(event.get(name)):
        zone = value.params.get("TZID")
        times = [getattr(each, "dt", None) for each in getattr(value, "dts", [value])]
        flat = [part for each in times for part in (each if isinstance(each, tuple) else (each,))]
        if zone and any(isinstance(each, datetime) and each.tzinfo is None for each in flat):
            yield str(zone)


def _twice(calendar: Calendar) -> Iterator[Problem]:
    """Find events that would hide each other: one name for two that are not the same series."""
    first: dict[str, int] = {}
    for place, event in calendar.events:
        name = str(event.get("UID", ""))
        if not name or "RECURRENCE-ID" in event:
            continue
        if name in first:
            what = f"{name[:60]!r} is the name of the event in line {first[name]} too"
            line = place.properties.get("UID", place.line)
            yield Problem(calendar.label, line, "UID", what, "a name of its own")
        first.setdefault(name, place.line)


def _name_all(calendar: Calendar) -> None:
    """Name what has no name, or the library would take all of them for one."""
    for place, event in calendar.events:
        if not event.get("UID"):
            event.add("UID", f"line-{place.line}")


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _short(error: object) -> str:
    return " ".join(str(error).split())[:120]
