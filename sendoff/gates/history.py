"""What has happened at a gate so far, read from the ledger's events. Pure; events come oldest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sendoff.gates.answer import Answer
from sendoff.gates.subject import Subject
from sendoff.gates.times import Wait
from sendoff.ledger.models import Event, Kind
from sendoff.spec.models import Approval

KINDS: tuple[Kind, ...] = (
    "approval.asked",
    "approval.answered",
    "approval.void",
    "approval.reminded",
    "approval.escalated",
    "approval.expired",
    "stamp.refused",
)
SAID = tuple(name for name in Answer.model_fields if name not in ("subject", "fell"))


@dataclass(frozen=True)
class Uncounted:
    """An answer that did not count: whose, empty where that is not known, when, and why."""

    who: str
    at: datetime
    why: str

    @classmethod
    def of(cls, event: Event) -> Uncounted:
        """Read it; whoever refuses a stamp may not know whose it is."""
        who = event.body.get("approver") or event.body.get("who") or ""
        return cls(str(who), event.at, str(event.body["said"]))


@dataclass(frozen=True)
class History:
    """The events of one gate of one release."""

    gate: str
    events: tuple[Event, ...]

    @classmethod
    def of(cls, gate: Approval, events: Iterable[Event]) -> History:
        """Choose the events that are about a gate."""
        known = (event for event in events if event.kind in KINDS)
        return cls(gate.name, tuple(event for event in known if _is_about(gate, event)))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Give all answers, in order; those that did not count, or have fallen since, never will."""
        fell = {
            event.body["question"]: str(event.body["said"])
            for event in self._all("approval.answered")
            if not event.body["counted"]
        }
        fell |= {
            question: str(event.body["said"])
            for event in self._all("approval.void")
            for question in event.body["answers"]
        }
        return tuple(
            Answer(
                **{"at": event.at, **{name: event.body[name] for name in SAID if name in event.body}},
                subject=_subject(event),
                fell=fell.get(event.body["question"], ""),
            )
            for event in self._all("approval.answered")
        )

    @property
    def standing(self) -> tuple[Answer, ...]:
        """Give the approvals that counted when they were given and have not fallen since."""
        counted = {
            event.body["question"] for event in self._all("approval.answered") if event.body["counted"]
        }
        return tuple(
            each
            for each in self.answers
            if each.decision == "approve" and each.question in counted and not each.fell
        )

    @property
    def number(self) -> int:
        """Give the number of the next question; one that was refused twice is one."""
        done = self._all("approval.answered", "stamp.refused")
        return 1 + len({str(event.body["question"]) for event in done})

    @property
    def refused(self) -> frozenset[str]:
        """Name the questions whose answers were not looked at."""
        return frozenset(str(event.body["question"]) for event in self._all("stamp.refused"))

    @property
    def key(self) -> str:
        """Name the next question."""
        return f"approval-{self.gate}-{self.number}"

    @property
    def is_over(self) -> bool:
        """Tell whether somebody has rejected it, or nobody has answered in time: that stays so."""
        rejected = (
            event.body["counted"] and event.body["decision"] == "reject"
            for event in self._all("approval.answered")
        )
        return self.has_expired or any(rejected)

    @property
    def has_expired(self) -> bool:
        """Tell whether nobody has answered in time."""
        return bool(self._all("approval.expired"))

    @property
    def uncounted(self) -> Uncounted | None:
        """Give the last answer if it did not count; None when it did, or when there is none."""
        last = next(iter(self._all("approval.answered", "stamp.refused")[::-1]), None)
        return None if last is None or last.body.get("counted") else Uncounted.of(last)

    @property
    def refusals(self) -> tuple[Uncounted, ...]:
        """Give the answers that were not looked at, in order."""
        return tuple(Uncounted.of(event) for event in self._all("stamp.refused"))

    @property
    def fallen(self) -> str:
        """Say what has fallen since people were asked the last time; empty when nothing has."""
        last = next((event for event in reversed(self.events) if event.kind != "approval.answered"), None)
        return str(last.body["said"]) if last is not None and last.kind == "approval.void" else ""

    @property
    def asked(self) -> Subject | None:
        """Give what was asked last, unless that has changed since and that is written down."""
        asked = [event for event in self._since(("approval.void",)) if event.kind == "approval.asked"]
        return _subject(asked[-1]) if asked else None

    def shown(self, question: str) -> Subject | None:
        """Give what a question was of; None when it was never asked.

        A process may die before its question was seen: who asks it after that writes it down anew.
        """
        asked = [event for event in self._all("approval.asked") if event.body["question"] == question]
        return _subject(asked[-1]) if asked else None

    def wait(self, now: datetime) -> Wait:
        """Tell how long it waits: from when it was first asked of what it is about now; now, if it was not.

        An approval that falls, and all of them together, begin it anew.
        """
        events = self._since(("approval.void", "approval.answered"))
        asked = [event.at for event in events if event.kind == "approval.asked"]
        kinds = {event.kind for event in events}
        return Wait(
            since=asked[0] if asked else now,
            reminded="approval.reminded" in kinds,
            escalated="approval.escalated" in kinds,
            later=put_off(events),
        )

    def _all(self, *kinds: Kind) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.kind in kinds)

    def _since(self, kinds: Sequence[Kind]) -> tuple[Event, ...]:
        """Give the events after the newest of these kinds; of answers, only one that was the last needed."""
        ends = (
            number
            for number, event in enumerate(self.events, 1)
            if event.kind in kinds and (event.kind != "approval.answered" or event.body["missing"] == 0)
        )
        return self.events[max(ends, default=0) :]


def _is_about(gate: Approval, event: Event) -> bool:
    """Tell whether an event is about a gate; whoever refuses a stamp knows the question only."""
    if event.kind == "stamp.refused":
        question = rf"approval-{re.escape(gate.name)}-\d+(--\d+)?"
        return re.fullmatch(question, str(event.body.get("question"))) is not None
    return bool(event.body.get("gate") == gate.name)


def _subject(event: Event) -> Subject | None:
    found: Any = event.body.get("subject")
    return Subject.model_validate(found) if found else None


def put_off(events: Iterable[Event]) -> datetime | None:
    """Find until when nobody is to be reminded at a gate: what was said last of that, and counted."""
    found = None
    for event in events:
        if event.kind == "approval.answered" and event.body["counted"] and event.body["decision"] == "later":
            found = datetime.fromisoformat(event.body["until"])
    return found
