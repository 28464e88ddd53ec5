"""The lines of an iCalendar text: put together, placed, and made ready for a library that reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from icalendar.parser import Contentline

from sendoff.errors import BadInput, Problem
from sendoff.model import digest
from sendoff.spec.hours import is_zone

CONTENT: Any = Contentline  # it has no types
MOST_BYTES = 5_000_000
DATED = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
WRITTEN = "X-SENDOFF-DURATION"  # a DURATION as it is written: the library takes PT24H for P1D
NOMINAL = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?")
ZONED = re.compile(r';TZID=("[^"]*"|[^";:]*)', re.IGNORECASE)


class Line(NamedTuple):
    """A line of the text, put together again where it was folded."""

    number: int
    text: str

    @property
    def name(self) -> str:
        """Name the property that it is of."""
        return self.text.partition(":")[0].partition(";")[0].strip().upper()

    @property
    def value(self) -> str:
        """Give what is said after the first colon."""
        return self.text.partition(":")[2].strip()


@dataclass(frozen=True)
class Place:
    """Where an event stands: its first line, and those of its properties."""

    line: int
    properties: Mapping[str, int]


def lines_of(content: bytes, label: str) -> list[Line]:
    """Part a text into lines; BadInput when it is none."""
    if len(content) > MOST_BYTES:
        raise BadInput([Problem(label, 1, "", "is too large", f"at most {MOST_BYTES:,} bytes")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {content[error.start]:#04x} is not UTF-8"
        raise BadInput([Problem(label, line, "", what, "text in UTF-8")]) from None
    lines: list[Line] = []
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if raw[:1] in (" ", "\t") and lines:
            lines[-1] = Line(lines[-1].number, lines[-1].text + raw[1:])
        elif raw.strip():
            lines.append(Line(number, raw))
    if not lines:
        raise BadInput([Problem(label, 1, "", "the file is empty", "iCalendar")])
    wrong = [
        Problem(label, line.number, "", f"{line.text[:60]!r} is no line of a calendar", "NAME:value")
        for line in lines
        if not _is_readable(line)
    ]
    if wrong:
        raise BadInput(wrong)
    return lines


def places(lines: Sequence[Line]) -> list[Place]:
    """Find where each event stands, and its own properties, those of alarms in it aside."""
    stack: list[tuple[str, int, dict[str, int]]] = []
    found: list[Place] = []
    for line in lines:
        value = line.value.upper()
        if line.name == "BEGIN":
            stack.append((value, line.number, {}))
            if value == "VEVENT":
                found.append(Place(line.number, stack[-1][2]))
        elif line.name == "END" and stack:
            stack.pop()
        elif stack:
            stack[-1][2].setdefault(line.name, line.number)
    return found


def ready(lines: Sequence[Line]) -> str:
    """Write it as the library is to read it.

    Each calendar has names of its own for zones that it describes: the library keeps what a name means for as
    long as its process lives, whichever calendar says it first. Lengths stand there as they are written, too.
    """
    return "\r\n".join(text for calendar in _calendars(lines) for text in _told(calendar))


def days_of(duration: str) -> timedelta:
    """Give the days of a duration, which count by the clock on the wall; what is left counts exactly."""
    found = NOMINAL.match(duration)
    weeks, days = found.groups(default="0") if found else ("0", "0")
    return timedelta(weeks=int(weeks), days=int(days))


def _is_readable(line: Line) -> bool:
    try:
        CONTENT(line.text).parts()
    except ValueError:
        return False
    return True


def _calendars(lines: Sequence[Line]) -> Iterator[list[Line]]:
    begun: list[Line] = []
    for line in lines:
        if (line.name, line.value.upper()) == ("BEGIN", "VCALENDAR") and begun:
            yield begun
            begun = []
        begun.append(line)
    yield begun


def _told(calendar: Sequence[Line]) -> Iterator[str]:
    names = dict(_described(calendar))
    for line in (each for each in calendar if each.name != WRITTEN):
        zone = _zone(line) if names and line.name in (*DATED, "TZID") else ""
        name = names.get(zone)
        if name and line.name == "TZID":
            yield f"TZID:{name}"
        elif name and not is_zone(zone):
            yield ZONED.sub(f";TZID={name}", line.text, count=1)
        else:
            yield line.text
        if line.name == "DURATION":
            yield f"{WRITTEN}:{CONTENT(line.text).parts()[2]}"


def _described(calendar: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """Give each zone that a calendar describes a name that stands for what it says of it."""
    begun: list[Line] = []
    for line in calendar:
        what = (line.name, line.value.upper())
        if what == ("BEGIN", "VTIMEZONE"):
            begun = [line]
        elif begun:
            begun.append(line)
        if what == ("END", "VTIMEZONE"):
            name = f"described-{digest([each.text for each in begun])}"
            yield from ((_zone(each), name) for each in begun if each.name == "TZID")
            begun = []


def _zone(line: Line) -> str:
    """Read the zone that a line names, as the library does."""
    name, given, value = CONTENT(line.text).parts()
    said = value if name.upper() == "TZID" else given.get("TZID", "")
    return said.strip("/") if isinstance(said, str) else ""
