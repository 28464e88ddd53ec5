"""What the schedule of a release file starts, to the word: nothing else is taken for it. Pure."""

from __future__ import annotations

from typing import Any

from sendoff.spec.intent import NEWEST, THE_SCHEDULE, Intent
from sendoff.spec.models import ReleaseFile


def nightly(file: ReleaseFile, environment: str) -> dict[str, Any] | None:
    """Give the parameters of the releases that an environment's schedule starts; None where it has none."""
    if file.environment(environment).schedule is None:
        return None
    why = Intent.routine(f"the newest of {file.application}", by=THE_SCHEDULE)
    return {
        "what": {"application": file.application, "environment": environment, "version": NEWEST},
        "why": why.model_dump(mode="json"),
    }
