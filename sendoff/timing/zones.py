"""What clocks show in a time zone, in whole seconds: a moment is seconds since 1970 in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86400
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STRETCH = 64 * DAY  # zones are looked through in stretches of this length, each once


class Segment(NamedTuple):
    """A time in which clocks differ from UTC by the same: from `begin` up to `end`."""

    begin: int
    end: int
    offset: int


def segments(zone: str, begin: int, end: int) -> Iterator[Segment]:
    """Part a time where clocks in a zone are put forward or back."""
    for stretch in range(begin // STRETCH, -(-end // STRETCH)):
        for each in _stretch(zone, stretch):
            if each.begin < end and each.end > begin:
                yield Segment(max(each.begin, begin), min(each.end, end), each.offset)


def seconds(at: datetime) -> int:
    """Give a moment in whole seconds, rounded down."""
    return (at - EPOCH) // timedelta(seconds=1)


def moment_of(second: int) -> datetime:
    """Give the moment of a number of seconds."""
    return EPOCH + timedelta(seconds=second)


def local(text: str, zone: str) -> datetime:
    """Read `2026-12-20 08:00` by the clocks of a zone: the first time that they show it.

    Where clocks skip it, it is the moment that it would have been had they not been put forward.
    """
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=8192)
def _stretch(zone: str, number: int) -> tuple[Segment, ...]:
    info = ZoneInfo(zone)
    begin, end = number * STRETCH, (number + 1) * STRETCH
    found, start, offset = [], begin, _offset(info, begin)
    for day in range(begin + DAY, end + 1, DAY):
        if (then := _offset(info, day)) != offset:
            change = _change(info, day - DAY, day)
            found.append(Segment(start, change, offset))
            start, offset = change, then
    return (*found, Segment(start, end, offset)) if start < end else tuple(found)


def _change(zone: tzinfo, before: int, after: int) -> int:
    """Find the first second at which clocks differ from what they showed before."""
    offset = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: tzinfo, second: int) -> int:
    known = datetime.fromtimestamp(second, zone).utcoffset()
    return int(known.total_seconds()) if known else 0
