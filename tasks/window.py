"""The rules that say when an environment may be changed, as far as people agree to them."""

from __future__ import annotations

from datetime import datetime

from sendoff.gates.later import LONGEST
from sendoff.model import digest
from sendoff.when import rules_of
from tasks.run import Run


def window_digest(run: Run) -> str:
    """Name the windows, and the freezes of the next 30 days, by their content; files and calendars are read.

    The days count from when the run was started: time that passes changes nothing. A line that was stopped
    holds a release, and is no part of what people agree to.
    """
    at = _started(run)
    place = (run.place.environment, run.folder, run.settings.catalog, run.calendars)
    rules = rules_of(run.file, *place, None, at)
    near = [each.model_dump(mode="json") for each in rules.freezes if each.begins < at + LONGEST]
    return digest({"windows": [each.model_dump(mode="json") for each in rules.windows], "freezes": near})


def _started(run: Run) -> datetime:
    created = run.ledger.last(run.id, ("release.created",))
    return created.at if created else run.now()
