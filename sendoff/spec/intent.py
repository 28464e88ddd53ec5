"""What is asked of a person who starts a release: what, and why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from sendoff.model import Frozen
from sendoff.spec.words import Name, Version

NEWEST = "newest"
PREVIOUS = "previous"
LIVE = "live"
THE_SCHEDULE = "the schedule"  # who asks for what nobody started
ALL = "all of them"  # no name has a space in it
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Where(Frozen):
    """One environment of one application."""

    application: Name = Field(description="The application")
    environment: Name = Field(description="Which of its environments")


class WayBack(Where):
    """What goes back, where, and to which version."""

    to: Version = Field(
        PREVIOUS,
        description=f"The version to go back to; {PREVIOUS!r}: the one that was live before this one",
    )


class What(Where):
    """What is to be released, and to where."""

    version: Version = Field(
        description=f"The version, such as 2.4.1; or {NEWEST!r}: the newest commit of the main branch"
    )


class Line(Frozen):
    """What is to be done with the line: every release that is under way, and those to come."""

    choice: Literal["stop", "let go"] = Field(
        description="Stop: each release is held at its next safe point. Let go: they go on"
    )
    reason: Said = Field(description="Why")
    who: Said = Field(description="Who you are: on whom all of them wait")
    application: str = Field(ALL, description="Only the releases of this application")
    environment: str = Field(ALL, description="Only the releases to this environment")

    @property
    def where(self) -> tuple[str, str]:
        """Give application and environment, each empty when all are meant."""
        named = (self.application, self.environment)
        return ("" if named[0] == ALL else named[0], "" if named[1] == ALL else named[1])


class Emergency(Frozen):
    """It cannot wait for all who would have to agree: which gates it skips, and why."""

    skip: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="The gates that it skips, by name; all others still hold"
    )
    reason: Said = Field(description="Why it cannot wait for them; it is looked at in a review afterwards")


class Closing(Frozen):
    """Which review is closed, what it came to, and who closes it."""

    run: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] = Field(
        description="The run of the emergency release, by its id"
    )
    finding: Said = Field(description="What the review came to: what happened, and what follows from it")
    requested_by: Said = Field(description="You. Who asked for the release cannot close its review")


class Intent(Frozen):
    """Why it is released, and with which risk."""

    summary: Said = Field(description="What changes for whom, in a sentence that a customer would understand")
    reason: Said = Field(description="Why now")
    risk: Literal["low", "medium", "high"] = Field(
        description="What could go wrong for customers, all in all"
    )
    risk_note: str = Field(
        "", max_length=2000, description="What the risk is and what would be done about it"
    )
    tickets: tuple[str, ...] = Field((), description="Tickets, stories or incidents that this release closes")
    emergency: Emergency | None = Field(
        None,
        title="Emergency",
        description="Only in an emergency: gates that it skips. A second person has to agree to that",
    )
    requested_by: Said = Field(description="Who asks for this release")

    @classmethod
    def routine(cls, doing: str, by: str = "nobody in particular") -> Intent:
        """Say why for what changes nothing or happens by itself every day."""
        return cls(summary=f"Routine: {doing}", reason="routine", risk="low", requested_by=by)
