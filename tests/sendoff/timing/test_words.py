"""Why it waits, on whom, until when, and when it may ship: one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sendoff.spec.timing import FreezeCalendar, FreezeDates, Window
from sendoff.timing.prospect import Prospect
from sendoff.timing.rules import Freeze, Rules, Stop, Unread, may_ship, next_moment
from sendoff.timing.words import held, on_whom, outlook, rule_words

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FREEZE = Freeze(begins=NOON, ends=NOON + timedelta(days=1), owner="ops", reason="Year end")
NIGHT = Window(days=("wed", "mon"), opens="22:00", closes="04:00", timezone="UTC", may_finish=True)


def said(rules: Rules) -> str:
    return held(may_ship(rules, NOON), Prospect(free=next_moment(rules, NOON)))


def test_freeze_and_window() -> None:
    """Each reason says until when; at the end stands the one moment that counts."""
    assert said(Rules(freezes=(FREEZE,), windows=(NIGHT,))) == (
        "it waits, as it is frozen until 2026-11-26 12:00 UTC (Year end), which only ops may "
        "override and its "
        "window is closed until 2026-11-25 22:00 UTC; "
        "the next moment at which it may ship is 2026-11-30 22:00 UTC"
    )


def test_on_people() -> None:
    """Where no moment is known, it is said on whom that depends."""
    rules = Rules(
        stops=(Stop(reason="an outage", owner="ada", since=NOON),),
        unread=(Unread(said="x.ics cannot be read", owner="bob"),),
    )
    assert said(rules) == (
        "it waits, as ada stopped the line (an outage), which holds until somebody lets it go and x.ics "
        "cannot be read, which bob has to see to; when it may ship depends on whoever lets the line go and "
        "bob"
    )
    assert on_whom(may_ship(rules, NOON)) == "whoever lets the line go and bob"


def test_never() -> None:
    """A freeze beyond the horizon is said to be that."""
    rules = Rules(freezes=(FREEZE.model_copy(update={"ends": NOON + timedelta(days=500)}),))
    assert said(rules).endswith("; it may not ship within the next 400 days")


def test_on_the_clock() -> None:
    """A window waits on nobody."""
    assert on_whom(may_ship(Rules(windows=(NIGHT,)), NOON)) == "nobody, but the clock"


def test_outlook() -> None:
    """Before it is begun: whether it may ship now, and what freezes it next."""
    later = FREEZE.model_copy(update={"begins": NOON + timedelta(hours=1), "name": "Books"})
    rules = Rules(freezes=(later,))
    assert list(outlook(rules, NOON)) == [
        "it may ship now",
        "next freeze: 2026-11-25 13:00 UTC to 2026-11-26 12:00 UTC: Books: Year end (ops)",
    ]
    (line,) = outlook(Rules(windows=(NIGHT,)), NOON)
    assert line.startswith("not now: it waits, as its window is closed until")
    assert list(outlook(Rules(), NOON)) == []
    assert list(outlook(Rules(copies=("a copy is used",)), NOON)) == ["a copy is used"]


def test_rules_in_words() -> None:
    """Days in their order; of an address only the host, as the rest may be secret."""
    address = "https://calendar.example.com/private-1f2e3d/basic.ics"
    lines = rule_words(
        (NIGHT, Window()),
        (
            FreezeDates(begins="2026-12-20 00:00", ends="2027-01-04 08:00", owner="ops", reason="Year end"),
            FreezeCalendar(calendar=address, owner="ops", reason="Holidays", may_finish=True),
            FreezeCalendar(calendar="company.ics", owner="ops", reason="Holidays"),
        ),
    )
    assert list(lines) == [
        "window: mon and wed 22:00 to 04:00 (UTC); what began in it may finish",
        "window: every day (UTC)",
        "freeze: 2026-12-20 00:00 to 2027-01-04 08:00 (UTC): Year end (ops)",
        "freeze: the events of calendar.example.com: Holidays (ops); what began before may finish",
        "freeze: the events of company.ics: Holidays (ops)",
    ]
