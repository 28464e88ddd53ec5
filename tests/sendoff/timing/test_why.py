"""Why a release does not go on: whatever it waits for, in one sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.ledger.models import Event, Lease
from sendoff.spec.timing import Window
from sendoff.timing.rules import Freeze, Rules
from sendoff.timing.why import why

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GATE = {"name": "owner", "approvers": ["ada", "bob"], "count": 1}
CREATED = {
    "flow": "release",
    "application": "shop",
    "environment": "production",
    "version": "2",
    "config": {
        "environments": [{"name": "production", "gates": [GATE], "on_trouble": {"answerers": ["eve"]}}]
    },
}
FROZEN = Rules(freezes=(Freeze(begins=NOON, ends=NOON + timedelta(hours=2), owner="ops", reason="Year end"),))
CLOSED = "its window is closed until 2026-11-26 09:00 UTC"
THEN = "the next moment at which it may ship is 2026-11-26 09:00 UTC"


def events(*more: tuple[str, dict[str, Any]]) -> list[Event]:
    known = (("release.created", CREATED), *more)
    return [
        Event(number=n, release="r1", at=NOON, actor="ada", kind=kind, body=body, previous_hash="", hash="")
        for n, (kind, body) in enumerate(known, 1)
    ]


def lease(release: str, expires: datetime | None = None) -> Lease:
    return Lease(
        resource="shop/production",
        release=release,
        token=1,
        actor="bob",
        why="1",
        since=NOON,
        expires=expires,
    )


HELD = ("release.held", {"place": "deploy", "said": "it waits", "until": None, "reasons": []})
ASKED = ("approval.asked", {"gate": "owner", "plan_digest": "p"})
BROKE = (
    "trouble.asked",
    {
        "place": "deploy",
        "number": 1,
        "said": "2 could not be put on 1 of 2 hosts (b)",
        "until": "2026-11-25T13:00:00Z",
        "otherwise": "undo",
    },
)


@pytest.mark.parametrize(
    ("more", "rules", "expected"),
    [
        (
            [HELD],
            FROZEN,
            "shop 2 to production: it waits, as it is frozen until 2026-11-25 14:00 UTC (Year end), "
            "which only "
            "ops may override; the next moment at which it may ship is 2026-11-25 14:00 UTC",
        ),
        (
            [ASKED],
            Rules(),
            "shop 2 to production waits for 1 approval of 'owner', on ada or bob, without a time limit; "
            "after that it may ship at once",
        ),
        (
            [("approval.asked", {**ASKED[1], "from": "the group qa", "until": "2026-11-26T12:00:00Z"})],
            Rules(windows=(Window(opens="09:00", closes="10:00"),)),
            "shop 2 to production waits for 1 approval of 'owner', on the group qa, until 2026-11-26 "
            "12:00 UTC; "
            f"besides, {CLOSED}; {THEN}",
        ),
        (
            [BROKE],
            Rules(),
            "shop 2 to production waits to be told what to do, as 2 could not be put on 1 of 2 hosts "
            "(b): on eve, "
            "until 2026-11-25 13:00 UTC, when it is 'undo'; after that it may ship at once",
        ),
        (
            [],
            Rules(),
            "shop 2 to production does not wait, it is under way (builds it); nothing holds it",
        ),
        (
            [HELD, ("release.let_go", {})],
            Rules(windows=(Window(opens="09:00", closes="10:00"),)),
            "shop 2 to production does not wait, it is under way (builds it); before its next change "
            "it waits, "
            f"as {CLOSED}; {THEN}",
        ),
        (
            [HELD, ("release.ended", {"end": "cancelled", "said": "it stopped\nthere"})],
            FROZEN,
            "shop 2 to production does not wait: it ended as 'cancelled' (it stopped)",
        ),
    ],
    ids=["held", "approval", "approval that expires", "trouble", "under way", "let go", "over"],
)
def test_why(more: list[tuple[str, dict[str, Any]]], rules: Rules, expected: str) -> None:
    """One sentence: why, on whom, until when, and when it may ship."""
    assert why(events(*more), rules, [lease("r1", NOON + timedelta(minutes=1))], NOON) == expected


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (3600.0, "; by then approvals of 'owner' have expired, and are asked for again"),
        (7200.1, ""),
        (None, ""),
    ],
)
def test_approvals_that_expire_meanwhile(term: float | None, said: str) -> None:
    """Whoever waits for the clock learns that they will have to ask again."""
    gates = [{**GATE, "answers_expire": term}]
    created = {**CREATED, "config": {"environments": [{"name": "production", "gates": gates}]}}
    answer = {"gate": "owner", "decision": "approve", "counted": True, "plan_digest": "p"}
    told = events(ASKED, ("approval.answered", answer), HELD)
    told[0] = told[0].model_copy(update={"body": created})
    assert why(told, FROZEN, [], NOON).partition("2026-11-25 14:00 UTC")[2].partition("14:00 UTC")[2] == said


@pytest.mark.parametrize(
    "more", [[HELD], [ASKED], [BROKE], []], ids=["held", "approval", "trouble", "under way"]
)
def test_read_from_a_copy(more: list[tuple[str, dict[str, Any]]]) -> None:
    """Whoever reads when it may ship learns that it is by an old calendar."""
    rules = FROZEN.model_copy(update={"copies": ("x.ics cannot be read, so its copy of then is used",)})
    assert why(events(*more), rules, [], NOON).endswith("; x.ics cannot be read, so its copy of then is used")


def test_allowed_again() -> None:
    """What is held still, though the rules have changed, is told so."""
    assert "may ship now: it looks again within the hour" in why(events(HELD), Rules(), [], NOON)


@pytest.mark.parametrize(
    ("expires", "until"),
    [
        (None, "for as long as that waits"),
        (NOON + timedelta(minutes=1), "until that ends"),
        (NOON - timedelta(minutes=1), "which is silent: it is taken over, or goes on"),
    ],
)
def test_locked(expires: datetime | None, until: str) -> None:
    """Another release has its environment."""
    assert why(events(), Rules(), [lease("r2", expires)], NOON) == (
        "shop 2 to production waits for its environment, which bob holds for '1' since 2026-11-25 12:00 UTC, "
        f"{until}; after that it may ship at once"
    )
