"""One transaction that writes: events are appended to the chain in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, insert, select

from sendoff.ledger.chain import body_text, event_of, index
from sendoff.ledger.models import Event, Head, Kind, stamp
from sendoff.ledger.tables import events

Clock = Callable[[], datetime]
Mask = Callable[[str], str]


@dataclass(frozen=True)
class Writing:
    """A transaction that no other writer overlaps, the time, and what hides secrets."""

    connection: Connection
    clock: Clock
    mask: Mask
    appended: list[Event] = field(default_factory=list)

    def append(
        self, release: str, kind: Kind, actor: str, body: Mapping[str, Any], key: str | None = None
    ) -> Event:
        """Append an event; one that is there under the same release and key is returned as it is."""
        kept = self._kept(release, key) if key is not None else None
        return kept or self._insert(release, kind, actor, body, key)

    def text(self, value: str) -> str:
        """Hide secrets, and replace what UTF-8 cannot say or PostgreSQL cannot hold."""
        return self.mask(value).encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")

    def _insert(self, release: str, kind: str, actor: str, body: Mapping[str, Any], key: str | None) -> Event:
        head = head_of(self.connection)
        event = Event(
            number=head.number + 1,
            release=release,
            key=key,
            at=self.clock(),
            actor=self.text(actor),
            kind=kind,
            body=self._clean(to_jsonable_python(dict(body))),
            previous_hash=head.hash,
            hash="",
        )
        event = event.model_copy(update={"hash": event.seal()})
        self.connection.execute(insert(events).values(**self._row(event)))
        self.appended.append(event)
        return event

    def _row(self, event: Event) -> dict[str, Any]:
        derived = index(event.body, self._created(event.release))
        return dict(event) | {"at": stamp(event.at), "body": body_text(event)} | derived

    def _kept(self, release: str, key: str) -> Event | None:
        found = select(events).where(events.c.release == release, events.c.key == key)
        row = self.connection.execute(found).mappings().first()
        return event_of(row) if row else None

    def _created(self, release: str) -> Mapping[str, Any]:
        created = (
            select(events)
            .where(events.c.release == release, events.c.kind == "release.created")
            .order_by(events.c.number)
            .limit(1)
        )
        return dict(self.connection.execute(created).mappings().first() or {})

    def _clean(self, value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self._clean(each) for name, each in value.items()}
        return [self._clean(each) for each in value] if isinstance(value, list) else value


def head_of(connection: Connection) -> Head:
    """Read the last event's number and hash."""
    newest = select(events.c.number, events.c.hash).order_by(events.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return Head(**row) if row else Head()
