"""What is due at a gate, and when somebody has to look again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.gates import Answer
from sendoff.gates.times import Wait, alarms, due, next_alarm
from sendoff.spec.models import Approval

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GATE = Approval(
    kind="approval",
    name="go",
    remind_after=600,
    escalate_after=1200,
    escalate_to="duty",
    expires_after=3600,
    answers_expire=900,
)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def wait(**more: Any) -> Wait:
    return Wait(since=START, **more)


def approval(minutes: float) -> Answer:
    return Answer(approver="sam", decision="approve", at=at(minutes), subject=None)


def test_each_has_its_time() -> None:
    """From when it was asked."""
    assert alarms(GATE, wait()) == {"remind": at(10), "escalate": at(20), "expire": at(60)}


def test_a_gate_without_times_waits_for_good() -> None:
    """Nothing is ever due."""
    gate = Approval(kind="approval", name="go")
    assert alarms(gate, wait()) == {}
    assert next_alarm(gate, wait(), [approval(1)], at(5)) is None


@pytest.mark.parametrize(
    ("minutes", "known", "expected"),
    [
        (9.9, {}, ()),
        (10, {}, ("remind",)),
        (10, {"reminded": True}, ()),
        (20, {}, ("remind", "escalate")),
        (20, {"reminded": True}, ("escalate",)),
        (20, {"later": at(30)}, ()),
        (30, {"later": at(30)}, ("remind", "escalate")),
        (60, {}, ("expire",)),
        (60, {"later": at(90)}, ("expire",)),
        (99, {"reminded": True, "escalated": True}, ("expire",)),
    ],
)
def test_what_is_due(minutes: float, known: dict[str, Any], expected: tuple[str, ...]) -> None:
    """Each once; "later" keeps people from being asked, not the end from coming."""
    assert due(GATE, wait(**known), at(minutes)) == expected


@pytest.mark.parametrize(
    ("minutes", "known", "answers", "expected"),
    [
        (0, {}, [], 10),
        (10, {"reminded": True}, [], 20),
        (20, {"reminded": True, "escalated": True}, [], 60),
        (1, {"later": at(5)}, [], 5),
        (6, {"later": at(30)}, [], 30),
        (3, {"reminded": True}, [approval(2)], 17),
        (60, {"reminded": True, "escalated": True}, [], None),
    ],
)
def test_the_next_thing(
    minutes: float, known: dict[str, Any], answers: list[Answer], expected: float | None
) -> None:
    """A reminder, an escalation, the end, the time that somebody named, or that an approval is too old."""
    then = next_alarm(GATE, wait(**known), answers, at(minutes))
    assert then == (None if expected is None else at(expected))


@given(
    later=st.none() | st.integers(1, 90),
    passed=st.lists(st.integers(0, 90), max_size=6),
    times=st.tuples(*[st.none() | st.integers(1, 40)] * 3),
)
def test_who_wakes_at_each_alarm_misses_nothing(
    later: int | None, passed: list[int], times: tuple[int | None, ...]
) -> None:
    """Waking at no other moment finds all that is due at the moment that it becomes so, and ends."""
    remind, escalate, expires = (None if each is None else each * 60.0 for each in times)
    gate = Approval(
        kind="approval", name="go", remind_after=remind, escalate_after=escalate, expires_after=expires
    )
    known = {"later": later and at(later)}
    seen: list[tuple[str, datetime]] = []
    now: datetime | None = START
    for _ in range(6):
        if now is None or "expire" in dict(seen):
            break
        for alarm in due(gate, wait(**known), now):
            seen.append((alarm, now))
            known |= {"reminded": True} if alarm == "remind" else {"escalated": True}
        now = next_alarm(gate, wait(**known), [], now)
    assert now is None or "expire" in dict(seen)
    for alarm, then in alarms(gate, wait(later=later and at(later))).items():
        ended = dict(seen).get("expire")
        assert (alarm, then) in seen or (ended is not None and ended <= then)
