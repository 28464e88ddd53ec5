"""What lies below a parameter, and what its own notes say."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from sendoff.model import Frozen

RELEASES, FENCES, ORIGIN = "releases", "fence", "origin"
"""Below the parameter: a value for each release, the numbers it was changed under, the value from before."""

RELEASE = re.compile(r"[A-Za-z0-9_.-]+-[0-9a-f]{12}")
NUMBER = re.compile(r"[1-9][0-9]*")
LARGEST = 4096  # bytes in a value of the standard tier
PLAIN = ("String", "text")  # type and data type

Parsed = TypeVar("Parsed", bound=Frozen)


class Note(Frozen):
    """Which release a value shows; it stands in the parameter's description, and so moves with the value.

    `before`: what was live until then; `fence`: the number that it was written under; `origin`: whether there
    was a value before Sendoff's first one.
    """

    release: str
    before: str | None = None
    fence: int
    by: str
    origin: bool = False


class Held(Frozen):
    """What stands in the description of a release's own value."""

    release: str
    digest: str


class Entry(NamedTuple):
    """A parameter as it is read. `note`: its description."""

    value: str
    note: str
    version: int
    kind: tuple[str, str] = PLAIN


class Listed(NamedTuple):
    """What a listing says of a parameter."""

    value: str
    modified: datetime


def read_note(kind: type[Parsed], entry: Entry | None) -> Parsed | None:
    """Read a description; None when there is none, or one that Sendoff did not write."""
    try:
        return kind.model_validate_json(entry.note) if entry and entry.note else None
    except ValidationError:
        return None
