"""What AppConfig says of versions and deployments, and what Sendoff writes into their descriptions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from sendoff.model import Frozen

RELEASE = re.compile(r".+-[0-9a-f]{12}")
LONGEST = 64  # characters in the label of a version
LARGEST = 4 << 20  # bytes; the most that AppConfig can be made to take
BAKING, COMPLETE = "BAKING", "COMPLETE"
STOPPABLE = ("DEPLOYING", "VALIDATING", BAKING)
UNDER_WAY = (*STOPPABLE, "ROLLING_BACK")


class Note(Frozen):
    """What stands in the description of a deployment, or of a version, which has a digest.

    `fence`: the number that it was made under; `origin`: the version from before Sendoff.
    """

    release: str | None
    fence: int
    by: str
    digest: str | None = None
    origin: int | None = None


class Version(NamedTuple):
    """A version of the configuration; its label is the name of its release."""

    number: int
    release: str | None
    fence: int


class Deployment(NamedTuple):
    """A deployment as it is now. `note`: None when others began it; `events`: newest first."""

    number: int
    profile: str
    version: int
    state: str
    percent: float
    note: Note | None
    events: tuple[str, ...]


class Standing(NamedTuple):
    """What is deployed, and what there is.

    `latest`: the number of the environment's newest deployment; `under_way`: the one that is not over, of any
    profile; `mine`: our profile's, newest first, down to one that is complete.
    """

    latest: int
    under_way: Deployment | None
    mine: tuple[Deployment, ...]
    versions: tuple[Version, ...]

    @property
    def settled(self) -> Deployment | None:
        """Give the newest deployment that is complete."""
        return next((each for each in self.mine if each.state == COMPLETE), None)

    @property
    def served(self) -> Deployment | None:
        """Give the newest deployment that all readers have, if only on trial yet."""
        return next((each for each in self.mine if each.state in (BAKING, COMPLETE)), None)

    @property
    def fence(self) -> int:
        """Give the largest number that anything here was made under."""
        notes = [each.note.fence for each in self.mine if each.note]
        return max([0, *notes, *(each.fence for each in self.versions)])

    @property
    def origin(self) -> int | None:
        """Give the version from before Sendoff, as the newest deployment of ours has it."""
        notes = [each.note for each in self.mine if each.note]
        if notes:
            return notes[0].origin
        return self.settled.version if self.settled and not self.release(self.settled) else None

    def numbers(self, release: str) -> tuple[int, ...]:
        """Give the versions that a release is, oldest first."""
        return tuple(each.number for each in self.versions if each.release == release)

    def release(self, deployment: Deployment | None) -> str | None:
        """Name the release that a deployment brings; None when its version is none of ours."""
        return next(
            (each.release for each in self.versions if deployment and each.number == deployment.version), None
        )


def read_note(text: str | None) -> Note | None:
    """Read a description; None when Sendoff did not write it."""
    try:
        return Note.model_validate_json(text) if text else None
    except ValidationError:
        return None


def read_version(told: dict[str, Any]) -> Version:
    """Read what a listing says of a version."""
    label, note = told.get("VersionLabel", ""), read_note(told.get("Description"))
    release = label if RELEASE.fullmatch(label) else None
    return Version(int(told["VersionNumber"]), release, note.fence if note else 0)


def read_deployment(told: dict[str, Any]) -> Deployment:
    """Read what AppConfig says of a deployment; the version of what it does not host is no number, and 0."""
    version = str(told["ConfigurationVersion"])
    return Deployment(
        number=int(told["DeploymentNumber"]),
        profile=told["ConfigurationProfileId"],
        version=int(version) if version.isdecimal() else 0,
        state=told["State"],
        percent=float(told.get("PercentageComplete", 0)),
        note=read_note(told.get("Description")),
        events=tuple(each.get("Description", "") for each in told.get("EventLog", ())),
    )


def newest_first(told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Order deployments by their numbers."""
    return sorted(told, key=lambda each: int(each["DeploymentNumber"]), reverse=True)
