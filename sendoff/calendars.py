"""Calendars where they are: files, and addresses of which the last good copy is kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import httpx

from sendoff.errors import BadInput, SendoffError
from sendoff.report.words import moment
from sendoff.spec.hours import is_address, shown
from sendoff.spec.timing import FreezeCalendar
from sendoff.timing.calendar import Calendar, freezes, read
from sendoff.timing.rules import Freeze
from sendoff.timing.text import MOST_BYTES

FRESH = timedelta(minutes=1)  # a copy as young as this is not fetched again, as each batch of a release looks
KEPT = timedelta(days=7)  # an older copy counts no more: nobody knows what has been frozen since
TIMEOUT = 10.0  # seconds for an answer, and for all of it
FOLDER = "calendars"


class CalendarUnread(SendoffError):
    """A calendar cannot be read, and there is no copy of it: what it freezes is not known."""


class _WorkedOut(NamedTuple):
    calendar: Calendar
    days: tuple[date, date]
    freezes: tuple[Freeze, ...]


@dataclass
class Calendars:
    """Reads calendars, and works out what they freeze: once a day, unless they change.

    `notes`: what people should know of how they were read.
    """

    cache: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    notes: list[str] = field(default_factory=list)
    _known: dict[str, tuple[bytes, Calendar]] = field(default_factory=dict)
    _worked_out: dict[tuple[FreezeCalendar, Path], _WorkedOut] = field(default_factory=dict)

    def freezes(
        self, source: FreezeCalendar, folder: Path, begin: datetime, end: datetime
    ) -> tuple[Freeze, ...]:
        """Give the freezes of a calendar that touch a time; CalendarUnread says why it cannot be read."""
        calendar = self.find(source.calendar, folder)
        days = begin.astimezone(UTC).date(), end.astimezone(UTC).date() + timedelta(days=1)
        known = self._worked_out.get((source, folder))
        if known is None or known.days != days or known.calendar is not calendar:
            first, last = (datetime.combine(day, time(), UTC) for day in days)
            known = _WorkedOut(calendar, days, freezes(calendar, source, first, last))
            self._worked_out[source, folder] = known
        return tuple(each for each in known.freezes if each.ends > begin and each.begins < end)

    def find(self, calendar: str, folder: Path) -> Calendar:
        """Read a calendar; CalendarUnread says why it cannot be."""
        return self._fetched(calendar) if is_address(calendar) else self._file(calendar, folder / calendar)

    def _file(self, name: str, path: Path) -> Calendar:
        try:
            return self._read(_content(path), name, str(path))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise CalendarUnread(f"the calendar {name!r} cannot be read ({why})") from None
        except BadInput as wrong:
            raise CalendarUnread(f"the calendar is wrong ({wrong.problems[0]})") from None

    def _fetched(self, address: str) -> Calendar:
        kept = self.cache / FOLDER / f"{hashlib.sha256(address.encode()).hexdigest()}.ics"
        copy, since = self._copy(kept, address)
        age = self.now() - since
        if copy and timedelta() <= age < FRESH:
            return copy
        try:
            content = _get(address)
            calendar = self._read(content, shown(address), address)
        except (httpx.HTTPError, httpx.InvalidURL, CalendarUnread, BadInput) as error:
            said = f"the calendar at {shown(address)} cannot be read ({_why(error)})"
            if copy is None:
                raise CalendarUnread(f"{said}, and there is no copy of it") from None
            if abs(age) > KEPT:
                limit = f"a copy counts for {KEPT.days} days"
                raise CalendarUnread(f"{said}, and its copy is of {moment(since)}: {limit}") from None
            self.notes.append(f"{said}, so its copy of {moment(since)} is used")
            return copy
        _keep(kept, content)
        return calendar

    def _copy(self, kept: Path, address: str) -> tuple[Calendar | None, datetime]:
        """Read the last good copy, and when that was fetched; none when it is not there, or damaged."""
        try:
            since = datetime.fromtimestamp(kept.stat().st_mtime, UTC)
            return self._read(_content(kept), shown(address), address), since
        except (OSError, BadInput):
            return None, datetime.fromtimestamp(0, UTC)

    def _read(self, content: bytes, label: str, key: str) -> Calendar:
        """Read it, unless it is what was read last from there."""
        digest = hashlib.sha256(content).digest()
        known = self._known.get(key)
        if known is None or known[0] != digest:
            known = self._known[key] = digest, read(content, label)
        return known[1]


def read_file(path: Path, name: str) -> Calendar:
    """Read a calendar from a file; OSError, or BadInput with all that is wrong."""
    return read(_content(path), name)


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _get(address: str) -> bytes:
    end = monotonic() + TIMEOUT
    with httpx.stream("GET", address, timeout=TIMEOUT, follow_redirects=True) as answer:
        if answer.status_code != httpx.codes.OK:
            raise CalendarUnread(f"status {answer.status_code}")
        content = b""
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise CalendarUnread(f"more than {MOST_BYTES:,} bytes")
            if monotonic() > end:
                raise CalendarUnread(f"more than {TIMEOUT:.0f} s")
        return content


def _why(error: Exception) -> str:
    """Say what went wrong, without the address."""
    match error:
        case BadInput():
            return str(error.problems[0])
        case CalendarUnread():
            return str(error)
        case httpx.TimeoutException():
            return f"no answer in {TIMEOUT:.0f} s"
        case httpx.TransportError():
            return "no connection"
    return type(error).__name__


def _keep(copy: Path, content: bytes) -> None:
    """Keep it whole or not at all; other processes may be doing the same."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=copy.parent, delete=False) as stream:
        stream.write(content)
    os.replace(stream.name, copy)
