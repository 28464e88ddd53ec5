"""How a release stands: who else has its environment, and up to when approvals and gates count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.ledger.models import Lease
from sendoff.timing.prospect import Limit
from sendoff.timing.standing import may_be_held, standing_of

Tell = Callable[..., Any]  # the class stands in conftest.py, which tests do not import
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWNER = {"name": "owner", "count": 2, "answers_expire": 7200}
LEGAL = {"name": "legal", "expires_after": 3600}


def limits(story: Any, at: datetime = NOON) -> list[Limit]:
    return list(standing_of(story.events(NOON), [], at).limits)


def lease(release: str, environment: str = "production") -> Lease:
    where = {"resource": f"shop/{environment}", "release": release, "token": 1}
    return Lease.model_validate({**where, "actor": "bob", "why": "w", "since": NOON})


def test_lock(told: Tell) -> None:
    """Its own lease is none, nor is one of another environment."""
    others = [lease("r1"), lease("r2", "staging")]
    assert standing_of(told().events(NOON), others, NOON).lock is None
    assert standing_of(told().events(NOON), [*others, lease("r2")], NOON).lock == lease("r2")


def test_gates(told: Tell) -> None:
    """Approvals count as long as enough of them do; a gate that waits counts as long as it does."""
    story = told(OWNER, LEGAL)
    assert limits(story) == []
    story.asked("owner").approved("owner", "ada", missing=1, at=NOON - HOUR)
    assert limits(story) == [], "they are not enough yet"
    story.approved("owner", "bob", at=NOON)
    ada = Limit(what="approvals", gate="owner", at=NOON + HOUR)
    assert limits(story) == [ada]
    assert limits(story, NOON + HOUR) == [], "they are not enough any more"
    story.asked("legal", at=NOON)
    assert limits(story) == [ada, Limit(what="gate", gate="legal", at=NOON + HOUR)]
    story.approved("legal", "eve", at=NOON)
    assert limits(story) == [ada]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("host.live", {"undo": False}),
        ("approval.void", {"gate": "owner", "answers": ["approval-owner-1"], "said": "it has changed"}),
        ("approval.expired", {"gate": "owner"}),
    ],
    ids=["traffic has moved", "fallen", "over"],
)
def test_what_counts_no_more(told: Tell, kind: str, body: dict[str, Any]) -> None:
    """Nobody is asked any more, what has fallen does not expire, and what is over is over."""
    story = told({**OWNER, "count": 1}).asked("owner").approved("owner", "ada")
    assert len(limits(story)) == 1
    assert limits(story.add(kind, body)) == []


def test_in_an_emergency(told: Tell) -> None:
    """The gates that hold then are those that count."""
    story = told(OWNER, LEGAL, skip=["owner"], emergency={})
    story.asked("owner").approved("owner", "ada", missing=1).approved("owner", "bob").asked("legal")
    assert [each.gate for each in limits(story)] == ["legal"]


@pytest.mark.parametrize(
    ("flow", "held"), [("release", True), ("go-live", True), ("deploy", True), ("rollback", False)]
)
def test_may_be_held(told: Tell, flow: str, held: bool) -> None:
    """What puts back is not, nor is a release that is being undone."""
    story = told()
    story.known[0][2]["flow"] = flow
    assert may_be_held(story.events(NOON)) is held
    assert not may_be_held(story.add("release.undoing", {}).events(NOON))
