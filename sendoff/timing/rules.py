"""Whether an environment may be changed at a moment, why not, and the next moment at which it may."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from sendoff.model import Frozen, digest
from sendoff.spec.timing import Window
from sendoff.timing.spans import Span, first_outside, merged
from sendoff.timing.windows import is_open, open_spans
from sendoff.timing.zones import DAY, moment_of, seconds

HORIZON = timedelta(days=400)
PIECES = (
    8 * DAY,
    32 * DAY,
    128 * DAY,
)  # most answers are found in the first; the last takes all that is left


class Freeze(Frozen):
    """A time in which nothing may be changed. `name`: what the calendar calls it, or else empty."""

    begins: datetime
    ends: datetime
    owner: str
    reason: str
    name: str = ""
    may_finish: bool = False

    @property
    def id(self) -> str:
        """Name it by its content: a freeze that is moved or prolonged is another one."""
        return digest(self)[:16]

    @property
    def title(self) -> str:
        """Say what it is: as the calendar calls it, and why."""
        named = self.name and self.name != self.reason
        return f"{self.name}: {self.reason}" if named else self.reason


class Stop(Frozen):
    """The line is stopped, for as long as nobody lets it go; empty: for all."""

    reason: str
    owner: str
    since: datetime
    application: str = ""
    environment: str = ""


class Unread(Frozen):
    """A calendar that could not be read: what stands in it is not known, so nothing may be changed."""

    said: str
    owner: str


class Rules(Frozen):
    """All that says when an environment may be changed. No windows: it is always open.

    `copies`: which calendars were read from a copy, as they are away; in words.
    """

    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    stops: tuple[Stop, ...] = ()
    unread: tuple[Unread, ...] = ()
    copies: tuple[str, ...] = ()


class Reason(Frozen):
    """Why not now: what was said, on whom it waits, and until when, as far as that is known.

    `freeze`: the id of the freeze, which its owner may override.
    """

    kind: Literal["line", "freeze", "window", "calendar"]
    said: str
    owner: str = ""
    until: datetime | None = None
    freeze: str = ""


class Leave(Frozen):
    """Whether it may be changed, and every reason why not."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()


def may_ship(rules: Rules, at: datetime) -> Leave:
    """Tell whether the environment may be changed at a moment, and all reasons why not."""
    reasons = tuple(_reasons(rules, at))
    return Leave(allowed=not reasons, reasons=reasons)


def next_moment(rules: Rules, at: datetime, horizon: timedelta = HORIZON) -> datetime | None:
    """Find the first moment from `at` on at which it may be changed; None when none is known by the horizon.

    A stopped line has no end that is known, nor has a calendar that cannot be read.
    """
    if rules.stops or rules.unread:
        return None
    begin = seconds(at)
    end = begin + horizon // timedelta(seconds=1)
    frozen = merged((seconds(each.begins), seconds(each.ends)) for each in rules.freezes)
    for piece in _pieces(begin, end):
        for span in _open(rules.windows, piece):
            if (found := first_outside(span, frozen)) is not None:
                return max(moment_of(found), at)
    return None


def for_running(rules: Rules, began: datetime | None) -> Rules:
    """Leave out what lets a release finish that began to go live at a moment, if it did."""
    if began is None:
        return rules
    freezes = tuple(each for each in rules.freezes if not (each.may_finish and each.begins > began))
    finishes = any(each.may_finish and is_open(each, seconds(began)) for each in rules.windows)
    return rules.model_copy(update={"freezes": freezes, "windows": () if finishes else rules.windows})


def without(rules: Rules, overridden: Collection[str]) -> Rules:
    """Leave out the freezes that their owners have overridden, by id."""
    if not overridden:
        return rules
    freezes = tuple(each for each in rules.freezes if each.id not in overridden)
    return rules.model_copy(update={"freezes": freezes})


def _reasons(rules: Rules, at: datetime) -> Iterator[Reason]:
    for stop in rules.stops:
        yield Reason(kind="line", said=stop.reason, owner=stop.owner)
    for each in rules.unread:
        yield Reason(kind="calendar", said=each.said, owner=each.owner)
    for freeze in rules.freezes:
        if freeze.begins <= at < freeze.ends:
            said, until = freeze.title, freeze.ends
            yield Reason(kind="freeze", said=said, owner=freeze.owner, until=until, freeze=freeze.id)
    if not any(_open(rules.windows, (seconds(at), seconds(at) + 1))):
        opens = next_moment(Rules(windows=rules.windows), at)
        yield Reason(kind="window", said="no window is open", until=opens)


def _open(windows: Collection[Window], span: Span) -> Iterable[Span]:
    return open_spans(windows, *span) if windows else [span]


def _pieces(begin: int, end: int) -> Iterator[Span]:
    for length in PIECES:
        if begin >= end:
            return
        yield begin, min(begin + length, end)
        begin += length
    if begin < end:
        yield begin, end
