"""Leases: one holder of a resource at any time, and a token that only grows; each change is an event."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from sendoff.errors import PolicyRefused
from sendoff.ledger.errors import LeaseHeld, LeaseLost
from sendoff.ledger.models import Kind, Lease, stamp
from sendoff.ledger.tables import leases
from sendoff.ledger.writing import Writing


def take(writing: Writing, resource: str, release: str, actor: str, why: str, term: timedelta) -> Lease:
    """Take a lease that is free, or anew the one that this release has: under a larger number each time."""
    held = holder(writing.connection, resource)
    if held is None:
        return _hand_over(writing, resource, release, actor, why, term, kind="lease.taken")
    if held.release != release:
        raise LeaseHeld(held)
    return _hand_over(writing, resource, release, actor, why, term, kind="lease.resumed")


def take_over(
    writing: Writing, resource: str, release: str, actor: str, why: str, term: timedelta, *, from_release: str
) -> Lease:
    """Take a lease from the one who is known to hold it; another holder than that one keeps it.

    A holder that may be alive keeps it as well: until the lease expires, unless nobody renews it.
    """
    held = holder(writing.connection, resource)
    if held is None:
        raise PolicyRefused(
            f"{resource}: held by nobody, expected release {from_release!r} to hold it; take it as a free one"
        )
    if held.release != from_release:
        raise LeaseHeld(held, expected=f"release {from_release!r}")
    if held.expires is not None and writing.clock() < held.expires:
        raise LeaseHeld(held, expected="one that has expired")
    more = {"from_release": from_release}
    return _hand_over(writing, resource, release, actor, why, term, kind="lease.taken_over", **more)


def take_anew(writing: Writing, lease: Lease, term: timedelta) -> Lease:
    """Go on with a lease that is held, under a larger number: whoever works under this one is fenced."""
    see(writing, lease)
    kind: Kind = "lease.resumed"
    return _hand_over(writing, lease.resource, lease.release, lease.actor, lease.why, term, kind=kind)


def renew(writing: Writing, lease: Lease, term: timedelta | None) -> Lease:
    """Move the moment at which a lease expires; without a term it is kept while nobody renews it."""
    see(writing, lease)
    expires = writing.clock() + term if term else None
    changed = update(leases).where(leases.c.resource == lease.resource)
    writing.connection.execute(changed.values(expires=expires and stamp(expires)))
    return lease.model_copy(update={"expires": expires})


def give_back(
    writing: Writing, resource: str, release: str, actor: str, why: str, token: int | None = None
) -> bool:
    """Give a lease back; False, and nothing changed, when that release, or that number of it, has it not."""
    held = holder(writing.connection, resource)
    if held is None or held.release != release or token not in (None, held.token):
        return False
    writing.connection.execute(update(leases).where(leases.c.resource == resource).values(release=None))
    body = {"resource": resource, "token": held.token, "why": why}
    writing.append(release, "lease.given_back", actor, body)
    return True


def see(writing: Writing, lease: Lease) -> None:
    """Raise LeaseLost unless the lease is still held under its number."""
    held = holder(writing.connection, lease.resource)
    if held is None or (held.release, held.token) != (lease.release, lease.token):
        raise LeaseLost(lease, held)


def holder(connection: Connection, resource: str) -> Lease | None:
    """Tell who holds a resource."""
    row = _row(connection, resource)
    return _lease(row) if row and row["release"] is not None else None


def held_now(connection: Connection) -> tuple[Lease, ...]:
    """List the leases that are held, by resource."""
    held = select(leases).where(leases.c.release.is_not(None)).order_by(leases.c.resource)
    return tuple(_lease(row) for row in connection.execute(held).mappings())


def _hand_over(
    writing: Writing,
    resource: str,
    release: str,
    actor: str,
    why: str,
    term: timedelta,
    *,
    kind: Kind,
    **more: str,
) -> Lease:
    before = _row(writing.connection, resource)
    token = before["token"] + 1 if before else 1
    event = writing.append(release, kind, actor, {"resource": resource, "token": token, "why": why, **more})
    values: dict[str, Any] = {
        "token": token,
        "release": release,
        "actor": event.actor,
        "why": event.body["why"],
        "since": before["since"] if before and kind == "lease.resumed" else stamp(event.at),
        "expires": stamp(event.at + term),
    }
    if before:
        writing.connection.execute(update(leases).where(leases.c.resource == resource).values(**values))
    else:
        writing.connection.execute(insert(leases).values(resource=resource, **values))
    return _lease({"resource": resource, **values})


def _row(connection: Connection, resource: str) -> RowMapping | None:
    return connection.execute(select(leases).where(leases.c.resource == resource)).mappings().first()


def _lease(row: RowMapping | dict[str, Any]) -> Lease:
    moments = {name: datetime.fromisoformat(row[name]) for name in ("since", "expires") if row[name]}
    return Lease.model_validate(dict(row) | moments)
