"""When windows are open: whenever the clocks of their zone show a time that is in them.

So an hour that clocks skip is missing from a window, and one that they show twice is in it twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sendoff.spec.timing import DAYS, Window
from sendoff.timing.spans import Span, merged
from sendoff.timing.zones import DAY, Segment, segments

WEEK = 7 * DAY
THURSDAY = 3 * DAY  # 1970 began on one; weeks begin on a Monday here


def open_spans(windows: Iterable[Window], begin: int, end: int) -> list[Span]:
    """Give the times in which at least one is open, in order."""
    weeks: dict[str, list[Span]] = defaultdict(list)
    for window in windows:
        weeks[window.timezone] += _of_week(window)
    alike: dict[tuple[Segment, ...], list[Span]] = defaultdict(list)
    for zone, spans in weeks.items():
        alike[tuple(segments(zone, begin, end))] += spans
    return merged(
        span
        for parts, spans in alike.items()
        for week in [merged(spans)]
        for part in parts
        for span in _in(part, week)
    )


def is_open(window: Window, at: int) -> bool:
    """Tell whether a window is open at a second."""
    return bool(open_spans([window], at, at + 1))


def _in(part: Segment, week: Sequence[Span]) -> Iterator[Span]:
    """Repeat a week's spans for as long as clocks are not changed; the week before reaches into the first."""
    first = (part.begin + part.offset + THURSDAY) // WEEK - 1
    last = (part.end + part.offset + THURSDAY) // WEEK
    for number in range(first, last + 1):
        monday = number * WEEK - THURSDAY - part.offset
        for opens, closes in week:
            begin, end = max(monday + opens, part.begin), min(monday + closes, part.end)
            if begin < end:
                yield begin, end


def _of_week(window: Window) -> Iterator[Span]:
    """Give the spans of a week that begins on Monday; one at its end may reach into the next."""
    opens, closes = _clock(window.opens), _clock(window.closes)
    length = closes - opens if closes > opens else closes - opens + DAY
    for day in set(window.days):
        start = DAYS.index(day) * DAY + opens
        yield start, start + length


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
