"""The reviews that emergency releases open, and that somebody else has to close. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sendoff.errors import PolicyRefused
from sendoff.gates.people import same_person
from sendoff.ledger.models import End, Event, Kind
from sendoff.ledger.progress import title
from sendoff.model import Frozen
from sendoff.report.emergency import EMERGENCY, emergency_of
from sendoff.report.words import listing, moment

REVIEWS: tuple[Kind, ...] = ("review.opened", "review.closed")
NOTHING_SKIPPED: frozenset[End] = frozenset({"refused", "rejected", "expired", "nothing-to-do"})


class Review(Frozen):
    """One review: of which release, why it was opened, and once closed by whom and with what finding."""

    release: str
    title: str
    application: str
    environment: str
    version: str
    skipped: tuple[str, ...]
    reason: str
    requested_by: str
    opened: datetime
    closed: datetime | None = None
    closed_by: str | None = None
    finding: str = ""

    @property
    def said(self) -> str:
        """Say in a line what is to be looked at."""
        return f"skipped {listing(self.skipped)}, as {self.reason!r}; asked for by {self.requested_by}"


def opening(created: Event, end: End) -> dict[str, Any] | None:
    """Give what is written down of a review when a release ends; None when it needs none."""
    body, emergency = created.body, emergency_of(created.body)
    if not emergency or end in NOTHING_SKIPPED:
        return None
    return {
        "application": body["application"],
        "environment": body["environment"],
        "version": body["version"],
        "title": title(created),
        "skipped": list(emergency["skip"]),
        "reason": emergency["reason"],
        "requested_by": body["why"]["requested_by"],
    }


def reviews(events: Iterable[Event]) -> tuple[Review, ...]:
    """Read all reviews, oldest first; `events` are of the kinds `review.opened` and `review.closed`."""
    found: dict[str, Review] = {}
    for event in events:
        if event.kind == "review.opened":
            known = {name: event.body[name] for name in Review.model_fields if name in event.body}
            found[event.release] = Review(release=event.release, opened=event.at, **known)
        elif event.kind == "review.closed" and event.release in found:
            closed = {"closed": event.at, "closed_by": event.actor, "finding": event.body["finding"]}
            found[event.release] = found[event.release].model_copy(update=closed)
    return tuple(found.values())


def open_reviews(
    events: Iterable[Event], application: str | None = None, environment: str | None = None
) -> tuple[Review, ...]:
    """Give the reviews that nobody has closed yet, of a place or of all."""
    return tuple(
        each
        for each in reviews(events)
        if each.closed is None
        and application in (None, each.application)
        and environment in (None, each.environment)
    )


def closing(known: Sequence[Review], release: str, by: str, finding: str) -> dict[str, Any]:
    """Give what is written down when a review is closed; PolicyRefused when it may not be, so."""
    review = next((each for each in known if each.release == release), None)
    if review is None:
        raise PolicyRefused(f"{release}: has no review, expected an emergency release; see `sendoff reviews`")
    if review.closed:
        raise PolicyRefused(
            f"{review.title}: its review was closed by {review.closed_by} on {moment(review.closed)}, "
            "expected an open one; see `sendoff reviews`"
        )
    if not by.strip():
        raise PolicyRefused(
            f"{review.title}: nobody is named, expected who closes its review; say who you are"
        )
    if same_person(by, review.requested_by):
        raise PolicyRefused(
            f"{review.title}: {by.strip()!r} asked for it, expected somebody else to close its review"
        )
    if not finding.strip():
        raise PolicyRefused(f"{review.title}: no finding, expected what the review came to; write it down")
    return {"finding": finding.strip(), "title": review.title}


def marks(known: Iterable[Review]) -> dict[tuple[str, str], str]:
    """Mark all places that have open reviews."""
    found = tuple(known)
    places = {(each.application, each.environment) for each in found if not each.closed}
    return {place: mark(found, *place) for place in sorted(places)}


def mark(known: Iterable[Review], application: str, environment: str) -> str:
    """Mark a place that has open reviews; empty when it has none."""
    here = [
        each.version
        for each in known
        if not each.closed and (each.application, each.environment) == (application, environment)
    ]
    return f"{EMERGENCY}: review of {listing(here)} is open" if here else ""
