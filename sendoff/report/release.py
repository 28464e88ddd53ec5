"""The report of a release: a pure function of its events in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sendoff.ledger.models import Event
from sendoff.report import sections
from sendoff.report.emergency import emergency_of, marked, red, what_it_skips
from sendoff.report.markdown import document, escape
from sendoff.report.opening import brief_outcome, paragraphs
from sendoff.report.standing import alarms
from sendoff.report.story import Story
from sendoff.report.timeline import where_time_went

TITLES = {
    "build": "Build of {what}",
    "verify": "Check of {what} in {where}",
    "deploy": "{what} to {where}, dark",
}
ENDS = {None: "under way", "nothing-to-do": "nothing to do"}


def release_report(events: Sequence[Event], now: datetime) -> str:
    """Write the report in Markdown, whatever has happened so far; `now` counts while it goes on."""
    story = Story(tuple(events))
    verb = TITLES.get(story.flow, "{what} to {where}")
    named = verb.format(what=f"{story.application} {story.version}", where=story.environment)
    title = f"{named}: {ENDS.get(story.end, story.end)}"
    return document(
        (
            red() if emergency_of(story.created) else "",
            f"# {escape(marked(title, story.created))}",
            f"**{escape(skips)}**" if (skips := what_it_skips(story.created)) else "",
            *(f"**{escape(alarm)}**" for alarm in alarms(story)),
            *(escape(paragraph) for paragraph in paragraphs(story, now)),
            *where_time_went(story, now),
            *sections.hosts(story),
            *sections.checks(story),
            *sections.canary(story),
            *sections.commits(story),
            *sections.way_back(story),
            *sections.said(story),
            sections.for_auditors(story),
        )
    )


def summary(events: Sequence[Event]) -> str:
    """Say in one line what came of a release, for the final message of its run."""
    story = Story(tuple(events))
    last = story.events[-1].at if story.events else datetime.min
    return brief_outcome(story, last)
