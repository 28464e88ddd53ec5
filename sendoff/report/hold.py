"""What people read above the form when a freeze holds a release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendoff.ledger.models import Event
from sendoff.report.markdown import bullets, document, escape
from sendoff.report.words import capital, moment, refused, sentence
from sendoff.spec.intent import Intent
from sendoff.timing.rules import Reason

NEXT = {"deploy": "it is put on hosts, without traffic"}


def question(
    intent: Intent,
    title: str,
    place: str,
    said: str,
    freezes: Sequence[Reason],
    known: Sequence[Event],
    code: str,
) -> str:
    """Write it; `known`: each `hold.answered` and `freeze.overridden` so far, `code`: of what is asked."""
    answered = [event.body for event in known if event.kind == "hold.answered"]
    last = answered[-1] if answered else {}
    note = refused(str(last["who"]), str(last["said"])) if last and not last["counted"] else ""
    return document(
        (
            f"**{escape(note)}**" if note else "",
            *(f"**{escape(line)}**" for line in _void(freezes, known)),
            f"## {escape(title)} is held by a freeze",
            bullets(
                (*_facts(intent, place, said), f"**Code:** {code}, short for these freezes and the plan")
            ),
            "### The freezes",
            bullets(map(_freeze, freezes)),
            "### What each answer would do",
            bullets(
                (
                    "**wait:** nothing; it goes on by itself when it may",
                    "**ship anyway:** this one release goes on in spite of the freezes that are yours. Only "
                    "their owner may say so, never who asked for the release, and the report and the ledger "
                    "name them, with the reason. If the plan changes, they are asked again",
                )
            ),
        )
    )


def _facts(intent: Intent, place: str, said: str) -> Iterator[str]:
    yield f"**What it is about:** {escape(intent.summary)}"
    yield f"**Why now:** {escape(intent.reason)}"
    note = f": {escape(intent.risk_note)}" if intent.risk_note.strip() else ""
    yield f"**Risk:** {intent.risk}{note}"
    yield f"**What comes next:** {NEXT.get(place, f'traffic is moved ({escape(place)})')}"
    yield f"**Why it waits:** {escape(sentence(capital(said)))}"


def _void(freezes: Sequence[Reason], known: Sequence[Event]) -> Iterator[str]:
    """Say which freezes were overridden before: what would be released has changed since."""
    before = {event.body["freeze"]: event.body["who"] for event in known if event.kind == "freeze.overridden"}
    for each in freezes:
        if who := before.get(each.freeze):
            yield (
                f"{who} overrode the freeze {each.said!r} before: that is void, as what would be released "
                "has changed since; it is asked again."
            )


def _freeze(reason: Reason) -> str:
    until = f" until {moment(reason.until)}" if reason.until else ""
    return f"{escape(reason.said)}{until}; owner: **{escape(reason.owner)}**"
