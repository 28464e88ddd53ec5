"""What Sendoff writes: a record in the description of the alias, a seal in that of a version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from sendoff.errors import PolicyRefused
from sendoff.model import Frozen, canonical

LONGEST = 256  # characters in a description
MARKER = ".sendoff.json"
LATEST = "$LATEST"

Said = TypeVar("Said", bound=Frozen)


class Record(Frozen):
    """What the alias was last set to. `fence`: the number that it was changed under; `by`: the run.

    `origin`: the version it pointed to last that is none of ours; going live with none goes back to it.
    """

    release: str | None = None
    fence: int = 0
    origin: str | None = None
    by: str = "-"


class Seal(Frozen):
    """What a version is a release of, and behind which alias. `code`: the SHA-256 that it has to have."""

    release: str
    alias: str
    digest: str
    code: str


class Version(NamedTuple):
    """A published version. `code`: the SHA-256 of its zip, in base64, as Lambda worked it out."""

    number: str
    code: str
    seal: Seal | None

    @property
    def is_whole(self) -> bool:
        """Tell whether its code is what its seal says."""
        return self.seal is not None and self.seal.code == self.code


class Versions:
    """The versions of a function that Sendoff published for an alias, oldest first."""

    def __init__(self, alias: str, all_there: Iterable[Version]) -> None:
        self.numbers: list[str] = []
        self.ours: list[Version] = []
        for each in sorted(all_there, key=lambda each: int(each.number)):
            self.numbers.append(each.number)
            if each.seal and each.seal.alias == alias:
                self.ours.append(each)

    @property
    def releases(self) -> dict[str, str]:
        """Map the releases that are whole to their version; of two of one release, the first counts."""
        found: dict[str, str] = {}
        for each in self.ours:
            if each.seal and each.is_whole:
                found.setdefault(each.seal.release, each.number)
        return found

    @property
    def surplus(self) -> list[str]:
        """List what is no release: versions whose code is not what they say, and second ones of a release."""
        known = {*self.releases.values()}
        return [each.number for each in self.ours if each.number not in known]

    def release(self, number: str) -> str | None:
        """Name what a version is a release of; None when it is none of ours."""
        return next((each.seal.release for each in self.ours if each.seal and each.number == number), None)

    def of(self, release: str) -> list[Version]:
        """List the versions of a release, whole or not."""
        return [each for each in self.ours if each.seal and each.seal.release == release]


class Seen(NamedTuple):
    """The alias as it was read. `weights`: what other versions have of the traffic, in per cent."""

    version: str
    weights: Mapping[str, int]
    record: Record | None
    description: str
    revision: str


def description(where: str, said: Record | Seal) -> str:
    """Write a description; PolicyRefused when it is too long for one."""
    text = canonical(said).decode()
    if len(text) > LONGEST:
        raise PolicyRefused(
            f"{where}: what Sendoff writes into a description has {len(text)} characters, expected at most "
            f"{LONGEST}; give the version or the alias a shorter name"
        )
    return text


def read(kind: type[Said], text: str) -> Said | None:
    """Read a description; None when it is not one that Sendoff wrote."""
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None
