"""A release as its events tell it: started, asked about at its gates, and approved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from sendoff.ledger.models import Event
from sendoff.spec.intent import Emergency, Intent

FLEET = {"name": "web", "hosts": ["a"], "user": "app", "root": "/srv/a"}
PARTS = ("artifact", "configuration", "plan", "intent", "window")


class Told:
    """The events of shop 2 to production, whose gates are called as they are given."""

    def __init__(self, *gates: dict[str, Any], **more: Any) -> None:
        environment = {"name": "production", "targets": [FLEET], "on_trouble": {"answerers": ["eve"]}}
        emergency = more.pop("skip", None)
        why = Intent.routine("tests").model_copy(
            update={"emergency": emergency and Emergency(skip=emergency, reason="it burns")}
        )
        self.known: list[tuple[datetime | None, Any, dict[str, Any]]] = []
        self.add(
            "release.created",
            {
                "flow": "release",
                "application": "shop",
                "environment": "production",
                "version": "2",
                "why": why.model_dump(mode="json"),
                "config": {
                    "application": "shop",
                    "owner": "shop",
                    "hosts": {"a": {"address": "127.0.0.1"}},
                    "build": {"source": {"folder": "."}, "command": ["make"], "output": "dist"},
                    "environments": [
                        {**environment, "gates": [{"kind": "approval", **each} for each in gates], **more}
                    ],
                },
            },
        )

    def add(self, kind: Any, body: dict[str, Any], at: datetime | None = None) -> Told:
        """Have something happen."""
        self.known.append((at, kind, body))
        return self

    def asked(self, gate: str, at: datetime | None = None, **more: Any) -> Told:
        """Ask people at a gate."""
        return self.add("approval.asked", {**self._question(gate), **more}, at)

    def approved(self, gate: str, who: str, missing: int = 0, at: datetime | None = None) -> Told:
        """Have somebody approve what was asked."""
        empty = dict.fromkeys(("comment", "until", "code", "nonce", "said"), "")
        flags = {"escalated": False, "proved": False, "counted": True, "missing": missing}
        said = {"approver": who, "groups": [], "decision": "approve"}
        return self.add("approval.answered", {**empty, **flags, **said, **self._question(gate)}, at)

    def events(self, at: datetime) -> Sequence[Event]:
        """Give them; what happened at no time in particular did at this one."""
        return [
            Event(
                number=number,
                release="r1",
                at=then or at,
                actor="ada",
                kind=kind,
                body=body,
                previous_hash="",
                hash="",
            )
            for number, (then, kind, body) in enumerate(self.known, 1)
        ]

    def _question(self, gate: str) -> dict[str, Any]:
        given = [body for _, kind, body in self.known if kind == "approval.answered" and body["gate"] == gate]
        question = f"approval-{gate}-{len(given) + 1}"
        return {"gate": gate, "plan_digest": "p", "question": question, "subject": dict.fromkeys(PARTS, "d")}


@pytest.fixture
def told() -> Callable[..., Told]:
    """Start a release to an environment with these gates; `skip`: in an emergency, those that it skips."""
    return Told
