"""Where a release stopped that nobody carries on: how far it had come, and what is live now. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sendoff.ledger.models import Event
from sendoff.report.hosts import some
from sendoff.report.standing import where_it_stands
from sendoff.report.story import Story
from sendoff.report.words import count


def where_it_stopped(events: Iterable[Event]) -> str:
    """Say it in a line: `it stopped when it was live on a; 2.0 is live on a, and 1.0 is live on b and c`."""
    story = Story(tuple(events))
    parts = (f"it stopped {_how_far(story)}", where_it_stands(story))
    return "; ".join(part for part in parts if part)


def _how_far(story: Story) -> str:
    of = len(story.places)
    if put_back := {str(body.get("host")) for body in story.steps("undo") if not body.get("failed")}:
        return f"while it was undone, when {count(len(put_back), 'host')} had been put back"
    if live := [place.host for place in story.places if place.now == story.release_name != place.before]:
        return f"when it was live on {some(live, of)}"
    if story.shares:
        share = story.shares[-1]
        return f"when {share['version']} had {share['weight']} % of the traffic of {share['host']}"
    if dark := {str(body.get("host")) for body in story.steps("deploy") if not body.get("failed")}:
        return f"when it lay dark on {some(sorted(dark), of)}"
    if story.last("release.built"):
        return "when it was built and on no host yet"
    return "before it was built"
