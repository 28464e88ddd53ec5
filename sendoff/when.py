"""All that says when an environment may be changed, from its file, the catalog, calendars and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sendoff import freezing
from sendoff.calendars import Calendars, CalendarUnread
from sendoff.errors import BadInput
from sendoff.ledger import Ledger
from sendoff.ledger.models import MOVES, Event
from sendoff.spec.models import ReleaseFile
from sendoff.spec.timing import AnyFreeze, FreezeCalendar, FreezeDates
from sendoff.timing import line
from sendoff.timing.override import in_force
from sendoff.timing.rules import HORIZON, Freeze, Rules, Unread, for_running, without
from sendoff.timing.standing import may_be_held
from sendoff.timing.zones import local

KEEPER = "whoever keeps the catalog"
BEFORE = timedelta(days=1)


def rules_for_run(
    events: Sequence[Event],
    catalog: Sequence[Path],
    calendars: Calendars,
    ledger: Ledger,
    at: datetime,
) -> Rules:
    """Read the rules of a release, without what it may finish in and what was overridden; from its events.

    What is never held has none, and no calendar is read for it.
    """
    if not may_be_held(events):
        return Rules()
    body = events[0].body
    file, folder = ReleaseFile.model_validate(body["config"]), Path(body["folder"])
    rules = rules_of(file, body["environment"], folder, catalog, calendars, ledger, at)
    moves = [event.at for event in events if event.kind in MOVES and not event.body.get("undo")]
    return without(for_running(rules, moves[0] if moves else None), in_force(events))


def rules_of(
    file: ReleaseFile,
    environment: str,
    folder: Path,
    catalog: Sequence[Path],
    calendars: Calendars,
    ledger: Ledger | None,
    at: datetime,
) -> Rules:
    """Read them as they are now; what cannot be read is in them as well, and nothing may be changed then."""
    wide, problems = freezing.survey(catalog)
    here = file.environment(environment)
    sources = [(each, folder) for each in here.freezes]
    for found in wide:
        sources += [
            (each, found.path.parent)
            for each in found.file.freezes
            if _is_for(each.applications, file.application) and _is_for(each.environments, environment)
        ]
    freezes: list[Freeze] = []
    calendars.notes.clear()
    unread = [Unread(said=f"a file of freezes is wrong ({each})", owner=KEEPER) for each in problems]
    for source, where in sources:
        try:
            freezes += _freezes(source, where, calendars, at)
        except CalendarUnread as error:
            unread.append(Unread(said=str(error), owner=source.owner))
        except BadInput as wrong:
            unread.append(Unread(said=f"the calendar is wrong ({wrong.problems[0]})", owner=source.owner))
    events = ledger.events(line.LINE, line.KINDS) if ledger else ()
    stops = [each for each in line.stops(events) if line.reaches(each, file.application, environment)]
    return Rules(
        windows=here.windows,
        freezes=tuple(sorted({*freezes}, key=lambda each: (each.begins, each.ends, each.owner, each.reason))),
        stops=tuple(stops),
        unread=tuple(unread),
        copies=tuple(dict.fromkeys(calendars.notes)),
    )


def _is_for(named: Sequence[str], name: str) -> bool:
    return not named or name in named


def _freezes(source: AnyFreeze, folder: Path, calendars: Calendars, at: datetime) -> Iterator[Freeze]:
    """Give the freezes that are not over, as far as anybody looks ahead."""
    if isinstance(source, FreezeCalendar):
        yield from calendars.freezes(source, folder, at - BEFORE, at + HORIZON)
    elif isinstance(source, FreezeDates):
        begins, ends = (local(text, source.timezone) for text in (source.begins, source.ends))
        if ends > at - BEFORE:
            yield Freeze(
                begins=begins,
                ends=ends,
                owner=source.owner,
                reason=source.reason,
                may_finish=source.may_finish,
            )
