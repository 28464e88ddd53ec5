"""Open the review of an emergency release at its end, and have somebody else close it."""

from __future__ import annotations

from sendoff.ledger import Ledger
from sendoff.ledger.models import End, Event
from sendoff.reviews import REVIEWS, Review, closing, opening, reviews


def open_review(ledger: Ledger, created: Event | None, end: End) -> Event | None:
    """Open the review of a release that ends, if it needs one; before that end is written: none is lost."""
    body = opening(created, end) if created else None
    if created is None or body is None:
        return None
    return ledger.append(created.release, "review.opened", created.actor, body, "review-opened")


def close_review(ledger: Ledger, release: str, by: str, finding: str, proved: bool = False) -> Review:
    """Close a review, once; PolicyRefused when it may not be closed so."""
    body = closing(reviews(ledger.events(kinds=REVIEWS)), release, by, finding)
    ledger.append(release, "review.closed", by.strip(), {**body, "proved": proved}, "review-closed")
    return next(each for each in reviews(ledger.events(kinds=REVIEWS)) if each.release == release)
