"""Why a release does not go on: whatever it waits for, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from operator import methodcaller
from typing import Any

import pytest

from sendoff.ledger.models import Event, Lease
from sendoff.spec.timing import Window
from sendoff.timing.rules import Freeze, Rules
from sendoff.timing.why import why

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GATE = {"name": "owner", "approvers": ["ada", "bob"]}
Step = methodcaller  # of the story that conftest.py tells
Make = Callable[..., Sequence[Event]]
FROZEN = Rules(freezes=(Freeze(begins=NOON, ends=NOON + timedelta(hours=2), owner="ops", reason="Year end"),))
CLOSED = "its window is closed until 2026-11-26 09:00 UTC"
THEN = "the next moment at which it may ship is 2026-11-26 09:00 UTC"


@pytest.fixture
def events(told: Callable[..., Any]) -> Make:
    """Have a release begin, and these things happen; of its gate may be said more."""

    def make(*steps: Step, **gate: Any) -> Sequence[Event]:
        story = told({**GATE, **gate})
        for step in steps:
            step(story)
        found: Sequence[Event] = story.events(NOON)
        return found

    return make


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


HELD = Step("add", "release.held", {"place": "deploy", "said": "it waits", "until": None, "reasons": []})
ASKED, ANSWERED = Step("asked", "owner"), Step("approved", "owner", "ada")
BROKE = Step(
    "add",
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
            [Step("asked", "owner", **{"from": "the group qa", "until": "2026-11-26T12:00:00Z"})],
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
            [HELD, Step("add", "release.let_go", {})],
            Rules(windows=(Window(opens="09:00", closes="10:00"),)),
            "shop 2 to production does not wait, it is under way (builds it); before its next change "
            "it waits, "
            f"as {CLOSED}; {THEN}",
        ),
        (
            [HELD, Step("add", "release.ended", {"end": "cancelled", "said": "it stopped\nthere"})],
            FROZEN,
            "shop 2 to production does not wait: it ended as 'cancelled' (it stopped)",
        ),
    ],
    ids=["held", "approval", "approval that expires", "trouble", "under way", "let go", "over"],
)
def test_why(events: Make, more: list[Step], rules: Rules, expected: str) -> None:
    """One sentence: why, on whom, until when, and when it may ship."""
    assert why(events(*more), rules, [lease("r1", NOON + timedelta(minutes=1))], NOON) == expected


FREE = "its environment may be changed from 2026-11-25 14:00 UTC on, but "
FELL = {"gate": "owner", "answers": ["approval-owner-1"], "said": "it has changed"}
NOT_ANEW = f"{FREE}not without new approvals: those of 'owner' expire at 2026-11-25 "
NEXT = "the next moment at which it may ship is 2026-11-25 14:00 UTC"


@pytest.mark.parametrize(
    ("term", "more", "said"),
    [
        (3600.0, [], f"{NOT_ANEW}13:00 UTC"),
        (7200.0, [], f"{NOT_ANEW}14:00 UTC"),
        (7200.1, [], NEXT),
        (None, [], NEXT),
        (3600.0, [Step("add", "approval.void", FELL)], NEXT),
        (3600.0, [Step("add", "host.live", {"host": "a", "release_name": "2-a", "undo": False})], NEXT),
    ],
    ids=["before", "just then", "after", "never", "fallen already", "nobody is asked any more"],
)
def test_approvals_that_expire_meanwhile(
    events: Make, term: float | None, more: list[Step], said: str
) -> None:
    """Whoever waits for the clock learns that they will have to ask again, and gets no moment."""
    happened = events(ASKED, ANSWERED, *more, HELD, answers_expire=term)
    assert why(happened, FROZEN, [], NOON).endswith(f"; {said}")


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (3600, f"{FREE}it ends as expired at 2026-11-25 13:00 UTC unless 'owner' is approved before"),
        (10800, NEXT),
    ],
)
def test_a_gate_that_ends_meanwhile(events: Make, term: int, said: str) -> None:
    """Whoever is asked learns that it will be too late once the freeze is over."""
    happened = events(ASKED, expires_after=term)
    assert why(happened, FROZEN, [], NOON).endswith(f", which only ops may override; {said}")


@pytest.mark.parametrize(
    "more", [[HELD], [ASKED], [BROKE], []], ids=["held", "approval", "trouble", "under way"]
)
def test_read_from_a_copy(events: Make, more: list[Step]) -> None:
    """Whoever reads when it may ship learns that it is by an old calendar."""
    rules = FROZEN.model_copy(update={"copies": ("x.ics cannot be read, so its copy of then is used",)})
    assert why(events(*more), rules, [], NOON).endswith("; x.ics cannot be read, so its copy of then is used")


def test_allowed_again(events: Make) -> None:
    """What is held still, though the rules have changed, is told so."""
    assert "may ship now: it looks again within the hour" in why(events(HELD), Rules(), [], NOON)


AT_ONCE = "after that it may ship at once"
ENDS = NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expires", "rules", "until"),
    [
        (None, Rules(), "for as long as that waits; when it may ship depends on that"),
        (None, FROZEN, "when it may ship depends on that"),
        (ENDS, Rules(), "until that ends; it may ship at 2026-11-25 12:01 UTC at the earliest"),
        (ENDS, FROZEN, "it may ship at 2026-11-25 14:00 UTC at the earliest"),
        (NOON - timedelta(minutes=1), Rules(), f"which is silent: it is taken over, or goes on; {AT_ONCE}"),
        (NOON - timedelta(minutes=1), FROZEN, NEXT),
    ],
    ids=["waits", "waits, frozen", "works", "works, frozen", "silent", "silent, frozen"],
)
def test_locked(events: Make, expires: datetime | None, rules: Rules, until: str) -> None:
    """Another release has its environment: for as long as its lease says, or for nobody knows how long."""
    told = why(events(), rules, [lease("r2", expires)], NOON)
    since = "which bob holds for '1' since 2026-11-25 12:00 UTC, "
    assert told.startswith(f"shop 2 to production waits for its environment, {since}")
    assert ("besides, it is frozen until 2026-11-25 14:00 UTC" in told) == (rules is FROZEN)
    assert told.endswith(until)
