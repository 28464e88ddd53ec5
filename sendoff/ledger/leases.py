"""Leases: one holder of a resource at any time, and a token that only grows; each change is an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from sendoff.errors import PolicyRefused
from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import Kind, Lease, stamp
from sendoff.ledger.tables import leases
from sendoff.ledger.writing import Writing


def take(writing: Writing, resource: str, release: str, actor: str, why: str) -> Lease:
    """Take a lease that is free; the one that this release holds already is returned."""
    held = holder(writing.connection, resource)
    if held is None:
        return _hand_over(writing, resource, release, actor, why, kind="lease.taken")
    if held.release != release:
        raise LeaseHeld(held)
    return held


def take_over(
    writing: Writing, resource: str, release: str, actor: str, why: str, *, from_release: str
) -> Lease:
    """Take a lease from the one who is known to hold it; another holder than that one keeps it."""
    held = holder(writing.connection, resource)
    if held is None:
        raise PolicyRefused(
            f"{resource}: held by nobody, expected release {from_release!r} to hold it; take it as a free one"
        )
    if held.release == release:
        return held
    if held.release != from_release:
        raise LeaseHeld(held, expected=f"release {from_release!r}")
    return _hand_over(
        writing, resource, release, actor, why, kind="lease.taken_over", from_release=from_release
    )


def give_back(writing: Writing, resource: str, release: str, actor: str, why: str) -> bool:
    """Give a lease back; False, and nothing changed, when that release does not hold it."""
    held = holder(writing.connection, resource)
    if held is None or held.release != release:
        return False
    writing.connection.execute(update(leases).where(leases.c.resource == resource).values(release=None))
    body = {"resource": resource, "token": held.token, "why": why}
    writing.append(release, "lease.given_back", actor, body)
    return True


def holder(connection: Connection, resource: str) -> Lease | None:
    """Tell who holds a resource."""
    row = _row(connection, resource)
    return _lease(row) if row and row["release"] is not None else None


def held_now(connection: Connection) -> tuple[Lease, ...]:
    """List the leases that are held, by resource."""
    held = select(leases).where(leases.c.release.is_not(None)).order_by(leases.c.resource)
    return tuple(_lease(row) for row in connection.execute(held).mappings())


def _hand_over(
    writing: Writing, resource: str, release: str, actor: str, why: str, *, kind: Kind, **more: str
) -> Lease:
    before = _row(writing.connection, resource)
    token = before["token"] + 1 if before else 1
    event = writing.append(release, kind, actor, {"resource": resource, "token": token, "why": why, **more})
    values: dict[str, Any] = {
        "token": token,
        "release": release,
        "actor": event.actor,
        "why": event.body["why"],
        "since": stamp(event.at),
    }
    if before:
        writing.connection.execute(update(leases).where(leases.c.resource == resource).values(**values))
    else:
        writing.connection.execute(insert(leases).values(resource=resource, **values))
    return _lease({"resource": resource, **values})


def _row(connection: Connection, resource: str) -> RowMapping | None:
    return connection.execute(select(leases).where(leases.c.resource == resource)).mappings().first()


def _lease(row: RowMapping | dict[str, Any]) -> Lease:
    return Lease.model_validate(dict(row) | {"since": datetime.fromisoformat(row["since"])})
