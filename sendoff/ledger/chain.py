"""The chain: how a row becomes an event, and where a chain of rows breaks. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sendoff.ledger.models import Break, Event, Head, stamp
from sendoff.model import canonical

Index = dict[str, str | None]


def event_of(row: Mapping[Any, Any]) -> Event:
    """Read an event from its row; ValueError when it is none."""
    if not isinstance(row["body"], str):
        raise ValueError("its body is no text")
    return Event.model_validate(
        {name: row[name] for name in Event.model_fields} | {"body": json.loads(row["body"])}
    )


def body_text(event: Event) -> str:
    """Write an event's body as it is stored."""
    return canonical(event.body).decode()


def index(body: Mapping[str, Any], release: Mapping[str, Any]) -> Index:
    """Derive the index columns from the body, what it lacks from the first event of its release."""
    own = {name: body.get(name) for name in ("application", "environment", "target", "host")}
    inherited = {name: release.get(name) for name in ("application", "environment")}
    return {name: value if isinstance(value, str) else inherited.get(name) for name, value in own.items()}


def first_break(rows: Iterable[Mapping[Any, Any]]) -> Break | None:
    """Go through all rows, by number, and tell the first that was changed, removed, inserted or moved."""
    last, releases = Head(), dict[str, Index]()
    for row in rows:
        number = last.number + 1
        if row["number"] != number:
            return Break(number=number, what=f"missing; {row['number']!r} follows", expected="every number")
        try:
            event = event_of(row)
            wrong = _wrong(event, row, last, releases)
        except (ValueError, OverflowError, RecursionError):
            return Break(number=number, what="cannot be read", expected="an event")
        if wrong:
            return Break(number=number, what=wrong[0], expected=wrong[1])
        last = Head(number=number, hash=event.hash)
    return None


def _wrong(
    event: Event, row: Mapping[Any, Any], last: Head, releases: dict[str, Index]
) -> tuple[str, str] | None:
    derived = index(event.body, releases.get(event.release, {}))
    if event.kind == "release.created":
        releases.setdefault(event.release, derived)
    # The stored text is compared as well: other text that reads the same is still a changed row.
    if event.seal() != event.hash or (body_text(event), stamp(event.at)) != (row["body"], row["at"]):
        return "its content is not what was recorded", f"what hash {event.hash} was made of"
    if event.previous_hash != last.hash:
        return "it does not follow the one before", f"previous hash {last.hash}"
    if any(row[name] != value for name, value in derived.items()):
        return "its index columns were changed", f"{derived}"
    return None
