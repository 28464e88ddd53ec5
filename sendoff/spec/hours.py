"""What has to fit together in windows and freezes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sendoff.spec.document import Where
from sendoff.spec.findings import Finding, quoted
from sendoff.spec.timing import AnyFreeze, FreezeCalendar, FreezeDates, Window

ADDRESSES = ("http://", "https://")


def is_address(calendar: str) -> bool:
    """Tell whether a calendar is fetched from somewhere; else it is a file."""
    return "://" in calendar


def shown(calendar: str) -> str:
    """Name a calendar without what may be secret in its address."""
    return (urlsplit(calendar).hostname or "an address") if is_address(calendar) else calendar


def is_zone(name: str) -> bool:
    """Tell whether a time zone is known by a name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def windows(where: Where, found: Sequence[Window]) -> Iterator[Finding]:
    """Find what is wrong with windows."""
    for index, window in enumerate(found):
        here = (*where, index)
        for number, day in enumerate(window.days):
            if day in window.days[:number]:
                yield Finding((*here, "days", number), f"{quoted(day)} stands here twice", "each once")
        yield from zone((*here, "timezone"), window.timezone)


def freezes(where: Where, found: Sequence[AnyFreeze]) -> Iterator[Finding]:
    """Find what is wrong with freezes, without looking into calendars."""
    for index, freeze in enumerate(found):
        here = (*where, index)
        yield from zone((*here, "timezone"), freeze.timezone)
        if isinstance(freeze, FreezeDates):
            yield from _dates(here, freeze)
        elif isinstance(freeze, FreezeCalendar) and not _can_be_read(freeze.calendar):
            what = f"{quoted(freeze.calendar)} is no address that can be read"
            yield Finding((*here, "calendar"), what, "https:// or http://, or a file")


def zone(where: Where, name: str) -> Iterator[Finding]:
    """Find that a time zone is not known."""
    if not is_zone(name):
        yield Finding(where, f"unknown time zone {quoted(name)}", "a name such as UTC or Europe/Zurich")


def _can_be_read(calendar: str) -> bool:
    return calendar.startswith(ADDRESSES) or not is_address(calendar)


def _dates(where: Where, freeze: FreezeDates) -> Iterator[Finding]:
    wrong = False
    for key in ("begins", "ends"):
        try:
            date.fromisoformat(getattr(freeze, key)[:10])
        except ValueError:
            wrong = True
            yield Finding((*where, key), f"{quoted(getattr(freeze, key))} is no day", "a day that there is")
    if not wrong and freeze.ends <= freeze.begins:
        yield Finding((*where, "ends"), f"{quoted(freeze.ends)} is not after 'begins'", "a later time")
