"""What is told of an event: in words for people, as data for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sendoff.ledger.models import Event, stamp
from sendoff.ledger.progress import title
from sendoff.ledger.sentences import sentence as told
from sendoff.model import Frozen, canonical
from sendoff.report.emergency import emergency_of, what_it_skips
from sendoff.report.opening import paragraphs
from sendoff.report.story import Story
from sendoff.report.words import capital, moment, sentence
from sendoff.spec.channels import Occasion
from sendoff.telling.occasions import TABLE

SCHEMA = 1
LONGEST = 2000
HEADLINES: dict[Occasion, str] = {
    "started": "started",
    "approval-needed": "approval needed: {gate}",
    "reminder": "still waits for approval: {gate}",
    "escalated": "nobody answered, others are asked: {gate}",
    "expired": "expired, as nobody answered in time",
    "rejected": "rejected",
    "hold": "held",
    "let-go": "goes on",
    "overridden": "a freeze was overridden",
    "trouble": "something broke, an answer is needed",
    "live": "live",
    "undone": "undone",
    "failed": "failed",
    "cancelled": "cancelled",
    "review": "review {verb}",
}
ASKS = frozenset({"approval.asked", "approval.reminded", "approval.escalated", "trouble.asked"})
DEADLINES = ("until", "expires", "deadline")
HEADING, ITALICS = re.compile(r"^#+ +"), re.compile(r"^\*([^*].*[^\\*])\*$")
ASIDE = frozenset({"brief", "folder", "config_digest"})


class Notice(Frozen):
    """One event, ready to be told. `key` names it wherever it is sent, also when it is sent twice."""

    key: str
    subject: str
    text: str
    data: dict[str, Any]

    @property
    def json_bytes(self) -> bytes:
        """Give the data as the bytes that are sent, and signed."""
        return canonical(self.data)


def notice_of(events: Sequence[Event], event: Event, link: str) -> Notice:
    """Write what is told of an event; `events` are all of its release, `link` the page of its run, if any."""
    created = events[0]
    subject = _subject(created, event)
    return Notice(
        key=event.hash,
        subject=subject,
        text="\n\n".join(_text(events, event, link)),
        data=_data(created, event, subject, link),
    )


def _subject(created: Event, event: Event) -> str:
    occasion = TABLE[event.kind](event.body) or "started"
    verb = event.kind.partition(".")[2]
    headline = HEADLINES[occasion].format(gate=event.body.get("gate"), verb=verb)
    return f"{title(created)}: {headline}"


def _text(events: Sequence[Event], event: Event, link: str) -> Iterator[str]:
    created = events[0]
    if skips := what_it_skips(created.body):
        yield skips
    if event.kind == "release.ended":
        known = tuple(each for each in events if each.number <= event.number)
        yield from paragraphs(Story(known), event.at)
    elif event.body.get("brief"):
        yield plain(str(event.body["brief"]))
    else:
        yield sentence(capital(told(event)))
        yield _why(created)
    if not link:
        yield f"It has no page; in a terminal: sendoff watch {event.release}"
    elif event.kind in ASKS:
        until = _deadline(event)
        yield f"Answer here{f', until {until}' if until else ''}: {link}"
    else:
        yield f"Its page: {link}"


def _why(created: Event) -> str:
    why = created.body.get("why") or {}
    told_why = (
        f"What changes: {sentence(str(why.get('summary') or ''))}",
        f"Why now: {sentence(str(why.get('reason') or ''))}",
        f"Risk: {why.get('risk')}. Requested by {why.get('requested_by')}.",
    )
    return "\n".join(told_why)


def _deadline(event: Event) -> str | None:
    at = next((event.body[name] for name in DEADLINES if event.body.get(name)), None)
    return moment(datetime.fromisoformat(str(at))) if at else None


def _data(created: Event, event: Event, subject: str, link: str) -> dict[str, Any]:
    body, why = created.body, created.body.get("why") or {}
    return {
        "schema": SCHEMA,
        "id": event.hash,
        "number": event.number,
        "kind": event.kind,
        "occasion": TABLE[event.kind](event.body),
        "emergency": bool(emergency_of(created.body)),
        "at": stamp(event.at),
        "actor": event.actor,
        "release": event.release,
        "application": body.get("application"),
        "environment": body.get("environment"),
        "version": body.get("version"),
        "story": body.get("flow"),
        "subject": subject,
        "said": told(event),
        "link": link,
        "why": {name: why.get(name) for name in ("summary", "reason", "risk", "tickets", "requested_by")},
        "details": {name: value for name, value in event.body.items() if _is_small(name, value)},
    }


def _is_small(name: str, value: Any) -> bool:
    if name in ASIDE:
        return False
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= LONGEST)


def plain(markdown: str) -> str:
    """Show Markdown of ours as plain text, for what shows mail or chat as it is."""
    markdown = re.sub(r"!\[(\w*)\]\(data:[^)]*\)\n*", "", markdown)
    shown = (line for line in markdown.splitlines() if not re.fullmatch(r"[| -]+", line))
    lines = [ITALICS.sub(r"\1", HEADING.sub("", line)) for line in shown]
    return re.sub(r"\\([\\`*_\[\]#~&<>|+=-])", r"\1", "\n".join(lines).replace("**", "")).strip()
