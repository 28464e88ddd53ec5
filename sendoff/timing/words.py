"""Why a release waits, in one sentence: on whom, until when, and when it may ship. Without full stops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sendoff.report.words import listing, moment
from sendoff.spec.hours import shown
from sendoff.spec.timing import DAYS, AnyFreeze, FreezeCalendar, FreezeDates, Window
from sendoff.timing.prospect import Limit, Prospect
from sendoff.timing.rules import HORIZON, Freeze, Leave, Reason, Rules, may_ship, next_moment

ALL_WEEK = len(DAYS)


def held(leave: Leave, prospect: Prospect) -> str:
    """Say why it may not ship now, and when it may: `it waits, as …; the next moment … is …`."""
    why = listing(map(because, leave.reasons))
    return f"it waits, as {why}; {when(leave, prospect)}"


def because(reason: Reason) -> str:
    """Say one reason, on whom it waits, and until when."""
    until = f" until {moment(reason.until)}" if reason.until else ""
    match reason.kind:
        case "line":
            return f"{reason.owner} stopped the line ({reason.said}), which holds until somebody lets it go"
        case "calendar":
            return f"{reason.said}, which {reason.owner} has to see to"
        case "freeze":
            return f"it is frozen{until} ({reason.said}), which only {reason.owner} may override"
        case "window":
            return f"its window is closed{until}"


def when(leave: Leave, prospect: Prospect) -> str:
    """Say when it may ship, or what has to be done before."""
    if prospect.moment:
        return f"the next moment at which it may ship is {moment(prospect.moment)}"
    if prospect.free and prospect.lost:
        return f"its environment may be changed from {moment(prospect.free)} on, but {_lost(prospect.lost)}"
    waits_for = {_whom(reason): None for reason in leave.reasons if reason.kind in ("line", "calendar")}
    if waits_for:
        return f"when it may ship depends on {listing(waits_for)}"
    return f"it may not ship within the next {HORIZON.days} days"


def _lost(limit: Limit) -> str:
    if limit.what == "approvals":
        return f"not without new approvals: those of {limit.gate!r} expire at {moment(limit.at)}"
    return f"it ends as expired at {moment(limit.at)} unless {limit.gate!r} is approved before"


def on_whom(leave: Leave) -> str:
    """Name those on whom it waits; windows open by themselves."""
    owners = dict.fromkeys(_whom(reason) for reason in leave.reasons if reason.owner)
    return listing(owners, otherwise="nobody, but the clock")


def _whom(reason: Reason) -> str:
    """Name whom a reason waits on: a line may be let go by others than who stopped it."""
    return "whoever lets the line go" if reason.kind == "line" else reason.owner


def copied(rules: Rules) -> str:
    """Add to a sentence which calendars were read from a copy; nothing where none was."""
    return "".join(f"; {said}" for said in rules.copies)


def outlook(rules: Rules, at: datetime) -> Iterator[str]:
    """Tell when it may ship by the rules, and what freezes it next; nothing where nothing ever holds it."""
    leave = may_ship(rules, at)
    if not leave.allowed:
        yield f"not now: {held(leave, Prospect(free=next_moment(rules, at)))}"
    elif rules.windows or rules.freezes:
        yield "it may ship now"
    ahead = sorted((each for each in rules.freezes if each.begins > at), key=lambda each: each.begins)
    yield from (f"next freeze: {coming(each)}" for each in ahead[:1])
    yield from rules.copies


def coming(freeze: Freeze) -> str:
    """Say when a freeze is."""
    return f"{moment(freeze.begins)} to {moment(freeze.ends)}: {freeze.title} ({freeze.owner})"


def rule_words(windows: Sequence[Window], freezes: Sequence[AnyFreeze]) -> Iterator[str]:
    """Put the rules of an environment into words, a line each."""
    yield from (f"window: {window_words(each)}" for each in windows)
    yield from (f"freeze: {freeze_words(each)}" for each in freezes)


def window_words(window: Window) -> str:
    """Say when a window is open, such as `mon, tue 09:00 to 16:00 (Europe/Zurich)`."""
    days = "every day" if len(set(window.days)) == ALL_WEEK else listing(sorted(window.days, key=DAYS.index))
    hours = (
        "" if (window.opens, window.closes) == ("00:00", "24:00") else f" {window.opens} to {window.closes}"
    )
    finish = "; what began in it may finish" if window.may_finish else ""
    return f"{days}{hours} ({window.timezone}){finish}"


def freeze_words(freeze: AnyFreeze) -> str:
    """Say what freezes it, why, and who decides; of an address only where it is."""
    finish = "; what began before may finish" if freeze.may_finish else ""
    who = f"{freeze.reason} ({freeze.owner}){finish}"
    if isinstance(freeze, FreezeDates):
        return f"{freeze.begins} to {freeze.ends} ({freeze.timezone}): {who}"
    assert isinstance(freeze, FreezeCalendar)  # noqa: S101 -- there is no third kind
    return f"the events of {shown(freeze.calendar)}: {who}"
