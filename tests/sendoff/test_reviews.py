"""The review of an emergency release."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sendoff.errors import PolicyRefused
from sendoff.ledger.models import Event
from sendoff.reviews import closing, mark, marks, open_reviews, opening, reviews

AT = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
WHY = {"requested_by": "Robin", "emergency": {"skip": ["owner", "qa"], "reason": "the shop is down"}}
CREATED = {"application": "shop", "environment": "live", "version": "2", "flow": "release", "why": WHY}


def event(kind: str, body: dict[str, Any], release: str = "run-1", actor: str = "Robin") -> Event:
    return Event(
        number=1, release=release, at=AT, actor=actor, kind=kind, body=body, previous_hash="", hash=""
    )


BEGUN = event("release.created", CREATED)
OPENED = event("review.opened", opening(BEGUN, "live") or {})
CLOSED = event("review.closed", {"finding": "all was well"}, actor="sam")


@pytest.mark.parametrize("end", ["live", "undone", "failed", "errored", "cancelled", "done"])
def test_it_is_opened_whatever_came_of_it(end: Any) -> None:
    """With all that whoever looks at it has to know."""
    opened = opening(BEGUN, end)
    assert opened is not None
    assert opened["title"] == "EMERGENCY: shop 2 to live"
    assert opened["skipped"] == ["owner", "qa"]


@pytest.mark.parametrize("end", ["refused", "rejected", "expired", "nothing-to-do"])
def test_nothing_was_skipped(end: Any) -> None:
    """What nobody agreed to needs no review."""
    assert opening(BEGUN, end) is None


def test_no_emergency_no_review() -> None:
    """An ordinary release opens none."""
    plain = {**CREATED, "why": {"requested_by": "robin", "emergency": None}}
    assert opening(event("release.created", plain), "live") is None


def test_open_until_it_is_closed() -> None:
    """Of all, of an application, of an environment."""
    other = event("review.opened", {**OPENED.body, "environment": "staging"}, release="run-2")
    assert [each.release for each in open_reviews([OPENED, other])] == ["run-1", "run-2"]
    assert [each.release for each in open_reviews([OPENED, other], "shop", "staging")] == ["run-2"]
    assert open_reviews([OPENED, other], "another") == ()
    assert [each.release for each in open_reviews([OPENED, other, CLOSED])] == ["run-2"]
    (closed, _) = reviews([OPENED, other, CLOSED])
    assert (closed.closed_by, closed.finding, closed.closed) == ("sam", "all was well", AT)


def test_a_place_is_marked_while_one_is_open() -> None:
    """And no other place."""
    found = reviews([OPENED])
    assert mark(found, "shop", "live") == "EMERGENCY: review of 2 is open"
    assert mark(found, "shop", "staging") == ""
    assert marks(found) == {("shop", "live"): "EMERGENCY: review of 2 is open"}
    assert mark(reviews([OPENED, CLOSED]), "shop", "live") == ""


def test_somebody_else_closes_it() -> None:
    """With what it came to."""
    assert closing(reviews([OPENED]), "run-1", "sam", " all was well ")["finding"] == "all was well"


@pytest.mark.parametrize(
    ("events", "release", "by", "finding", "said"),
    [
        ([OPENED], "run-9", "sam", "x", "has no review"),
        ([OPENED, CLOSED], "run-1", "kim", "x", "its review was closed by sam"),
        ([OPENED], "run-1", " ", "x", "nobody is named"),
        ([OPENED], "run-1", " robin", "x", "'robin' asked for it, expected somebody else"),
        ([OPENED], "run-1", "sam", " ", "no finding"),
    ],
)
def test_it_may_not_be_closed_so(events: list[Event], release: str, by: str, finding: str, said: str) -> None:
    """Not by the one who asked for the release, not twice, not without saying what it came to."""
    with pytest.raises(PolicyRefused, match=said):
        closing(reviews(events), release, by, finding)
