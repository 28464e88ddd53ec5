"""Whether something may ship: every reason at once, on whom it waits, and what may be finished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sendoff.spec.timing import Window
from sendoff.timing.rules import Freeze, Rules, Stop, Unread, for_running, may_ship, next_moment, without

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
OFFICE = Window(days=("mon", "tue", "wed", "thu"), opens="09:00", closes="16:00")
FREEZE = Freeze(begins=NOON - HOUR, ends=NOON + 2 * HOUR, owner="ops", reason="Year end")
STOP = Stop(reason="an outage", owner="ada", since=NOON)
UNREAD = Unread(said="x.ics cannot be read", owner="bob")


def test_without_rules_always() -> None:
    """Where nothing is said, it may ship at any time, to the microsecond."""
    at = NOON + timedelta(microseconds=7)
    assert may_ship(Rules(), at).allowed
    assert next_moment(Rules(), at) == at


def test_all_reasons() -> None:
    """Whoever waits learns of everything that is in the way, not of the first thing only."""
    at = NOON + 6 * HOUR
    freeze = FREEZE.model_copy(update={"ends": NOON + 24 * HOUR})
    rules = Rules(windows=(OFFICE,), freezes=(freeze,), stops=(STOP,), unread=(UNREAD,))
    leave = may_ship(rules, at)
    assert not leave.allowed
    assert [(each.kind, each.owner, each.until) for each in leave.reasons] == [
        ("line", "ada", None),
        ("calendar", "bob", None),
        ("freeze", "ops", NOON + 24 * HOUR),
        ("window", "", NOON + 21 * HOUR),
    ]


def test_next_moment_is_past_all_of_it() -> None:
    """The window opens in the freeze: the first moment is when the freeze ends."""
    freeze = FREEZE.model_copy(update={"ends": NOON + 22 * HOUR})
    assert next_moment(Rules(windows=(OFFICE,), freezes=(freeze,)), NOON + 6 * HOUR) == NOON + 22 * HOUR


def test_boundaries() -> None:
    """A freeze holds from its first second, and no more at its end; so does a window the other way round."""
    assert not may_ship(Rules(freezes=(FREEZE,)), FREEZE.begins).allowed
    assert may_ship(Rules(freezes=(FREEZE,)), FREEZE.begins - timedelta(microseconds=1)).allowed
    assert may_ship(Rules(freezes=(FREEZE,)), FREEZE.ends).allowed
    assert may_ship(Rules(windows=(OFFICE,)), NOON.replace(hour=9)).allowed
    assert not may_ship(Rules(windows=(OFFICE,)), NOON.replace(hour=16)).allowed


@pytest.mark.parametrize("rules", [Rules(stops=(STOP,)), Rules(unread=(UNREAD,))])
def test_no_moment_is_known(rules: Rules) -> None:
    """A stopped line and a calendar that is away end when somebody does something."""
    assert next_moment(rules, NOON) is None
    assert not may_ship(rules, NOON).allowed


def test_beyond_the_horizon() -> None:
    """A freeze over all of it leaves no moment; one that ends just before leaves one."""
    long = FREEZE.model_copy(update={"ends": NOON + timedelta(days=401)})
    assert next_moment(Rules(freezes=(long,)), NOON) is None
    shorter = FREEZE.model_copy(update={"ends": NOON + timedelta(days=399)})
    assert next_moment(Rules(freezes=(shorter,)), NOON) == shorter.ends


def test_may_finish_in_a_freeze() -> None:
    """What began to go live before a freeze that allows it is not held by it; what begins in it is."""
    freeze = FREEZE.model_copy(update={"may_finish": True})
    rules = Rules(freezes=(freeze,))
    assert may_ship(for_running(rules, FREEZE.begins - HOUR), NOON).allowed
    assert not may_ship(for_running(rules, FREEZE.begins), NOON).allowed
    assert not may_ship(for_running(rules, None), NOON).allowed
    assert not may_ship(for_running(Rules(freezes=(FREEZE,)), FREEZE.begins - HOUR), NOON).allowed


def test_may_finish_after_a_window() -> None:
    """It is the window in which it began that says so."""
    lenient = OFFICE.model_copy(update={"may_finish": True})
    evening = NOON + 6 * HOUR
    assert may_ship(for_running(Rules(windows=(lenient,)), NOON), evening).allowed
    assert not may_ship(for_running(Rules(windows=(lenient,)), evening), evening).allowed
    assert not may_ship(for_running(Rules(windows=(OFFICE,)), NOON), evening).allowed


def test_stopped_line_holds_what_may_finish() -> None:
    """Stopping the line stops everything."""
    assert not may_ship(for_running(Rules(stops=(STOP,)), NOON - HOUR), NOON).allowed


def test_overridden() -> None:
    """Just this freeze: one that is prolonged is another one."""
    assert may_ship(without(Rules(freezes=(FREEZE,)), {FREEZE.id}), NOON).allowed
    longer = FREEZE.model_copy(update={"ends": NOON + 3 * HOUR})
    assert not may_ship(without(Rules(freezes=(longer,)), {FREEZE.id}), NOON).allowed
    assert without(Rules(freezes=(FREEZE,)), ()).freezes == (FREEZE,)


def test_title() -> None:
    """What the calendar calls it stands before the reason, unless it says the same."""
    assert FREEZE.title == "Year end"
    assert FREEZE.model_copy(update={"name": "Books close"}).title == "Books close: Year end"
    assert FREEZE.model_copy(update={"name": "Year end"}).title == "Year end"
