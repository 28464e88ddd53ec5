"""When an environment may be changed: windows and freezes, as release files and freeze files say it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from sendoff.model import Frozen
from sendoff.spec.words import CLOCK, CLOCK_OR_MIDNIGHT, MOMENT, Name, Text

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Zone = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Window(Frozen):
    """Hours in which an environment may be changed, by the clocks of a time zone."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = Field(
        DAYS, description="the days on which it opens"
    )
    opens: Annotated[str, StringConstraints(pattern=CLOCK)] = Field(
        "00:00", description="when it opens, such as '09:00'"
    )
    closes: Annotated[str, StringConstraints(pattern=CLOCK_OR_MIDNIGHT)] = Field(
        "24:00", description="when it closes, such as '16:00'; on the next day when that is not after `opens`"
    )
    timezone: Zone = Field("UTC", description="the time zone that this is meant in, such as Europe/Zurich")
    may_finish: bool = Field(
        False, description="whether a release that began to go live in it may finish after it has closed"
    )


class AnyFreeze(Frozen):
    """What all freezes say."""

    owner: Text = Field(description="who decided it, a person or a group; they alone may override it")
    reason: Text = Field(description="why nothing may be changed then")
    timezone: Zone = Field("UTC", description="the time zone of whole days, and of times without a zone")
    may_finish: bool = Field(
        False, description="whether a release that began to go live before it may finish in it"
    )


class FreezeCalendar(AnyFreeze):
    """Freezes that stand in a calendar: each of its events is one."""

    calendar: Text = Field(
        description="an iCalendar file (.ics), relative to this file, or an address: https:// or http://"
    )


class FreezeDates(AnyFreeze):
    """One freeze."""

    begins: Annotated[str, StringConstraints(pattern=MOMENT)] = Field(
        description="when it begins, such as '2026-12-20 00:00'"
    )
    ends: Annotated[str, StringConstraints(pattern=MOMENT)] = Field(
        description="when it ends, such as '2027-01-04 08:00'"
    )


class _Scope(Frozen):
    applications: tuple[Name, ...] = Field((), description="the applications that it is for; all unless said")
    environments: tuple[Name, ...] = Field((), description="the environments that it is for; all unless said")


class WideFreezeCalendar(FreezeCalendar, _Scope):
    """Freezes that stand in a calendar, for some applications and environments, or all."""


class WideFreezeDates(FreezeDates, _Scope):
    """One freeze, for some applications and environments, or all."""


def _form(value: Any) -> str | None:
    if isinstance(value, FreezeCalendar) or (isinstance(value, dict) and "calendar" in value):
        return "calendar"
    if isinstance(value, FreezeDates) or (isinstance(value, dict) and value.keys() & {"begins", "ends"}):
        return "dates"
    return None


def _by_form() -> Discriminator:
    return Discriminator(
        _form,
        custom_error_type="expected",
        custom_error_message="a mapping with either 'calendar', or 'begins' and 'ends'",
    )


FreezeSource = Annotated[
    Annotated[FreezeCalendar, Tag("calendar")] | Annotated[FreezeDates, Tag("dates")], _by_form()
]
WideFreezeSource = Annotated[
    Annotated[WideFreezeCalendar, Tag("calendar")] | Annotated[WideFreezeDates, Tag("dates")], _by_form()
]


class FreezeFile(Frozen):
    """A file with freezes for many applications: `freezes.yaml` in the catalog."""

    freezes: tuple[WideFreezeSource, ...] = Field(description="times in which nothing may be changed")
