"""What the ledger holds: events, and what is derived from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer

from sendoff.model import Frozen, digest

Kind = Literal[
    "release.created",
    "release.built",
    "release.planned",
    "approval.asked",
    "approval.answered",
    "approval.void",
    "approval.reminded",
    "approval.escalated",
    "approval.expired",
    "trouble.asked",
    "trouble.answered",
    "release.held",
    "release.let_go",
    "hold.asked",
    "hold.answered",
    "freeze.overridden",
    "line.stopped",
    "line.let_go",
    "step.done",
    "canary.shifted",
    "canary.compared",
    "canary.passed",
    "host.live",
    "host.left_out",
    "check.done",
    "release.undoing",
    "release.recovered",
    "release.ended",
    "lease.taken",
    "lease.given_back",
    "lease.taken_over",
    "lease.resumed",
    "stamp.used",
    "stamp.refused",
    "review.opened",
    "review.closed",
    "told",
    "not_told",
]
End = Literal[
    "live",
    "undone",
    "rejected",
    "expired",
    "refused",
    "failed",
    "errored",
    "nothing-to-do",
    "done",
    "cancelled",
]
MOVES: tuple[Kind, ...] = ("canary.shifted", "host.live")
"""What moves traffic."""
GOOD_ENDS = frozenset({"live", "nothing-to-do", "done"})
GENESIS = "0" * 64


def stamp(at: datetime) -> str:
    """Write a moment in its one form: UTC, six digits of a second, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def resource(application: str, environment: str) -> str:
    """Name what a lease is held on."""
    return f"{application}/{environment}"


class Event(Frozen):
    """One row, never changed. `release` is the run's id; `hash` covers the row, so also `previous_hash`."""

    number: int
    release: str
    key: str | None = None
    at: Annotated[datetime, PlainSerializer(stamp, when_used="json")]
    actor: str
    kind: str
    body: dict[str, Any]
    previous_hash: str
    hash: str

    def seal(self) -> str:
        """Compute what `hash` has to be: the digest of all other fields, as JSON."""
        return digest(self.model_dump(mode="json", exclude={"hash"}))


class Head(Frozen):
    """Where the chain ends; a copy that is kept elsewhere shows whether a tail was cut off."""

    number: int = 0
    hash: str = GENESIS


class Break(Frozen):
    """The first event at which the chain does not hold."""

    number: int
    what: str
    expected: str

    def __str__(self) -> str:
        return (
            f"ledger: event {self.number}: {self.what}, expected {self.expected}; "
            "go back to a copy that verifies, and find out who changed this one"
        )


class Placement(Frozen):
    """What is live on a host: from the newest `host.live` event of that host.

    `left_out_of`: the version that went live without it, until a release reaches it again.
    """

    application: str
    environment: str
    target: str
    host: str
    version: str | None
    release_name: str | None
    digest: str | None
    commit: str | None
    since: datetime
    release: str
    actor: str
    left_out_of: str | None = None


class PastRelease(Frozen):
    """A version that was live in an environment, and since when it was the last time."""

    release_name: str
    version: str
    digest: str
    commit: str | None
    since: datetime


class Lease(Frozen):
    """Who may change an environment now. `token` only grows, over all holders of a resource.

    `expires`: when it may be taken over, unless it is renewed; None while its run waits for people.
    """

    resource: str
    release: str
    token: int
    actor: str
    why: str
    since: datetime
    expires: datetime | None = None
