"""Reviews in a real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger
from sendoff.reviewing import close_review, open_review
from sendoff.reviews import REVIEWS, open_reviews

WHY = {"requested_by": "robin", "emergency": {"skip": ["owner"], "reason": "the shop is down"}}
CREATED = {"application": "shop", "environment": "live", "version": "2", "flow": "release", "why": WHY}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")) as opened:
        yield opened


def test_opened_once_and_closed_once(ledger: Ledger) -> None:
    """A process that ends a release again opens no second one; a second closing is refused."""
    created = ledger.append("run-1", "release.created", "robin", CREATED, "created")
    assert open_review(ledger, created, "live") == open_review(ledger, created, "live")
    assert len(open_reviews(ledger.events(kinds=REVIEWS))) == 1
    assert close_review(ledger, "run-1", " sam ", "all was well").closed_by == "sam"
    with pytest.raises(PolicyRefused, match="was closed by sam"):
        close_review(ledger, "run-1", "kim", "really")
    assert open_reviews(ledger.events(kinds=REVIEWS)) == ()


def test_none_is_opened_of_what_was_never_begun(ledger: Ledger) -> None:
    """A run that wrote nothing down has none."""
    assert open_review(ledger, None, "live") is None
