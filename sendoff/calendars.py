"""Calendars where they are: files, and addresses of which the last good copy is kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from sendoff.errors import BadInput, SendoffError
from sendoff.report.words import moment
from sendoff.spec.hours import is_address, shown
from sendoff.timing.calendar import Calendar, read
from sendoff.timing.text import MOST_BYTES

FRESH = 60.0  # seconds: a copy as young as this is not fetched again, as each batch of a release looks
TIMEOUT = 10.0  # seconds for an answer, and for all of it
FOLDER = "calendars"


class CalendarUnread(SendoffError):
    """A calendar cannot be read, and there is no copy of it: what it freezes is not known."""


@dataclass
class Calendars:
    """Reads calendars, each once. `notes`: what people should know of how they were read."""

    cache: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    notes: list[str] = field(default_factory=list)

    def find(self, calendar: str, folder: Path) -> Calendar:
        """Read a calendar; CalendarUnread says why it cannot be."""
        return self._fetched(calendar) if is_address(calendar) else self._file(calendar, folder / calendar)

    def _file(self, name: str, path: Path) -> Calendar:
        try:
            return read_file(path, name)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise CalendarUnread(f"the calendar {name!r} cannot be read ({why})") from None
        except BadInput as wrong:
            raise CalendarUnread(f"the calendar is wrong ({wrong.problems[0]})") from None

    def _fetched(self, address: str) -> Calendar:
        kept = self.cache / FOLDER / f"{hashlib.sha256(address.encode()).hexdigest()}.ics"
        copy, since = _copy(kept, shown(address))
        if copy and 0 <= self.now().timestamp() - since < FRESH:
            return copy
        try:
            content = _get(address)
            calendar = read(content, shown(address))
        except (httpx.HTTPError, httpx.InvalidURL, CalendarUnread, BadInput) as error:
            said = f"the calendar at {shown(address)} cannot be read ({_why(error)})"
            if copy is None:
                raise CalendarUnread(f"{said}, and there is no copy of it") from None
            self.notes.append(f"{said}; the copy of {moment(datetime.fromtimestamp(since, UTC))} is used")
            return copy
        _keep(kept, content)
        return calendar


def read_file(path: Path, name: str) -> Calendar:
    """Read a calendar from a file; OSError, or BadInput with all that is wrong."""
    with path.open("rb") as stream:
        return read(stream.read(MOST_BYTES + 1), name)


def _get(address: str) -> bytes:
    end = time.monotonic() + TIMEOUT
    with httpx.stream("GET", address, timeout=TIMEOUT, follow_redirects=True) as answer:
        if answer.status_code != httpx.codes.OK:
            raise CalendarUnread(f"status {answer.status_code}")
        content = b""
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise CalendarUnread(f"more than {MOST_BYTES:,} bytes")
            if time.monotonic() > end:
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


def _copy(kept: Path, label: str) -> tuple[Calendar | None, float]:
    """Read the last good copy, and when that was fetched; none when it is not there, or damaged."""
    try:
        return read(kept.read_bytes(), label), kept.stat().st_mtime
    except (OSError, BadInput):
        return None, 0.0


def _keep(copy: Path, content: bytes) -> None:
    """Keep it whole or not at all; other processes may be doing the same."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=copy.parent, delete=False) as stream:
        stream.write(content)
    os.replace(stream.name, copy)
