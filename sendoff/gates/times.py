"""What is due at a gate that waits, and when the next thing will be. The time is given, never asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from sendoff.gates.answer import Answer, Verdict
from sendoff.model import Frozen
from sendoff.report.words import moment
from sendoff.spec.models import Approval

Alarm = Literal["remind", "escalate", "expire"]


class Wait(Frozen):
    """How long a gate waits, and what has been done about it.

    `since`: when it was first asked of what it is about now. `later`: before then nobody is reminded.
    """

    since: datetime
    reminded: bool = False
    escalated: bool = False
    later: datetime | None = None


def alarms(gate: Approval, wait: Wait) -> dict[Alarm, datetime]:
    """Tell what is still to come, or is due, and when; "later" puts off all but the end."""
    found: dict[Alarm, datetime] = {}
    if gate.remind_after is not None and not wait.reminded:
        found["remind"] = _not_before(wait.later, _later(wait.since, gate.remind_after))
    if gate.escalate_after is not None and not wait.escalated:
        found["escalate"] = _not_before(wait.later, _later(wait.since, gate.escalate_after))
    if gate.expires_after is not None:
        found["expire"] = _later(wait.since, gate.expires_after)
    return found


def due(gate: Approval, wait: Wait, now: datetime) -> tuple[Alarm, ...]:
    """Tell what is due; where it has expired, nothing else is."""
    found = tuple(alarm for alarm, at in alarms(gate, wait).items() if at <= now)
    return ("expire",) if "expire" in found else found


def next_alarm(gate: Approval, wait: Wait, answers: Iterable[Answer], now: datetime) -> datetime | None:
    """Tell when somebody has to look again, if nobody answers before; `answers` are those in force."""
    later = [wait.later] if wait.later else []
    times = [*alarms(gate, wait).values(), *later, *_expiries(gate, answers)]
    return min((at for at in times if at > now), default=None)


def expires(gate: Approval, answer: Answer) -> datetime | None:
    """Tell when an answer expires, if it ever does."""
    return None if gate.answers_expire is None else _later(answer.at, gate.answers_expire)


def too_late(gate: Approval, wait: Wait, at: datetime) -> str:
    """Say that an answer came after the end of its gate; empty when it came in time."""
    end = alarms(gate, wait).get("expire")
    return (
        f"it came at {moment(at)}, and {gate.name!r} had expired at {moment(end)}" if end and at > end else ""
    )


def who_may_answer(gate: Approval, verdict: Verdict, wait: Wait) -> str:
    """Say who may answer now, once others are asked as well too."""
    return f"{verdict.who_may}, or anybody of {gate.escalate_to}" if wait.escalated else verdict.who_may


def _expiries(gate: Approval, answers: Iterable[Answer]) -> Iterator[datetime]:
    for answer in answers:
        if answer.decision == "approve" and (at := expires(gate, answer)):
            yield at


def _later(at: datetime, seconds: float) -> datetime:
    return at + timedelta(seconds=seconds)


def _not_before(later: datetime | None, at: datetime) -> datetime:
    return max(at, later) if later else at
