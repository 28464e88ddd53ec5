"""Spans of time, each from a second up to another one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Join spans that overlap or touch; in order."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        elif begin < end:
            found.append((begin, end))
    return found


def first_outside(span: Span, taken: Sequence[Span]) -> int | None:
    """Find the first second of a span that none of the merged spans takes."""
    begin, end = span
    before = bisect_right(taken, begin, key=lambda each: each[0]) - 1
    if before >= 0 and taken[before][1] > begin:
        begin = taken[before][1]  # they are merged: the next one does not begin here
    return begin if begin < end else None
