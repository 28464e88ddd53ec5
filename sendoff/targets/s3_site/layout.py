"""What lies where in a site's bucket, below its prefix, and what its own files say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Literal

from pydantic import Field

from sendoff.artifact.manifest import Entry, Manifest
from sendoff.errors import PolicyRefused
from sendoff.model import Frozen
from sendoff.targets.files import only_files

POINTER = ".sendoff/current.json"
MANIFESTS = ".sendoff/manifests/"
LEAVING = ".sendoff/leaving.json"
PROBE = ".sendoff/probe"
RELEASES = "rel/"
SHARED = "files/"
RELEASE = re.compile(r".+-[0-9a-f]{12}")
LONGEST = 1024  # bytes in a key

Layout = Literal["folders", "shared"]


@dataclass(frozen=True)
class Listed:
    """What a listing says of an object."""

    size: int
    etag: str
    modified: datetime


class Pointer(Frozen):
    """Which release is live. `before`: what was until then; `fence`: the number that it was changed under.

    `writes`: how often it was written, so that no content comes twice, and no ETag, which is made of it.
    """

    release: str | None = None
    fence: int = 0
    by: str = "-"
    before: str | None = None
    writes: int = 0


class Leaving(Frozen):
    """The keys of shared files that are being removed, by the number under which; they count as gone.

    `writes`: how often it was written, as in the pointer.
    """

    removals: dict[int, tuple[str, ...]] = Field(default_factory=dict)
    writes: int = 0

    @property
    def keys(self) -> frozenset[str]:
        """Put them all together."""
        return frozenset(chain.from_iterable(self.removals.values()))


class Sealed(Frozen):
    """One file of a release, as it lies in the bucket. `key`: where it is shared; else in the own folder."""

    path: str
    size: int
    sha256: str
    etag: str
    content_type: str
    cache_control: str | None = None
    key: str | None = None


class Seal(Frozen):
    """The manifest of a release; written last, so that what has one is whole.

    `fence`: the number that it was sealed under, or went live with last where its files are shared.
    """

    release: str
    digest: str
    layout: Layout = "folders"
    files: tuple[Sealed, ...]
    fence: int
    by: str

    def by_key(self) -> Iterator[tuple[str, Sealed]]:
        """List the files, each with its key."""
        start = folder(self.release)
        return ((file.key or start + file.path, file) for file in self.files)

    def problem(self, there: Mapping[str, Listed]) -> str | None:
        """Say what a listing of its files shows to be no more as it was sealed; None when all is."""
        for key, file in self.by_key():
            found = there.get(key)
            if found is None:
                return f"{file.path!r} is gone"
            if (found.size, found.etag) != (file.size, file.etag):
                return f"{file.path!r} is not what was put there"
        return None


def manifest_key(release: str) -> str:
    """Name the manifest of a release."""
    return f"{MANIFESTS}{release}.json"


def folder(release: str) -> str:
    """Name what the keys of a release begin with that has a folder of its own."""
    return f"{RELEASES}{release}/"


def files_of(where: str, prefix: str, release: str, manifest: Manifest) -> tuple[Entry, ...]:
    """List the files of an artifact; PolicyRefused when it holds what a bucket cannot.

    Empty folders are left out: a bucket has none.
    """
    files = only_files(where, "a bucket", release, manifest)
    for entry in files:
        if len(f"{prefix}/{folder(release)}{entry.path}".encode()) > LONGEST:
            raise PolicyRefused(
                f"{where}: {entry.path!r} is too long a name, expected at most {LONGEST} bytes with all that "
                "comes before it; have the build command shorten it"
            )
    return files
