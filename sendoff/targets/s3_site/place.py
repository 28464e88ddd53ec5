"""Where the files of a release lie: in a folder of its own, or each once for all releases that have it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import count
from typing import ClassVar, Protocol

from sendoff.model import canonical
from sendoff.objects.s3.upload import Headers
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import SHARED, Layout, Listed, Seal, folder
from sendoff.targets.s3_site.leaving import leaving


class Place(Protocol):
    """A part of the bucket that holds files of a release."""

    layout: ClassVar[Layout]

    def listing(self) -> dict[str, Listed]:
        """List what is there, by key."""

    def key(self, path: str, sha256: str, headers: Headers) -> str:
        """Name the key of a file."""

    def strays(self, there: Mapping[str, Listed], sizes: Mapping[str, int]) -> set[str]:
        """Name what lies there and is no file of the release, given the sizes of those by key."""


class OwnFolder:
    """A folder that holds the files of one release, and nothing else."""

    layout: ClassVar[Layout] = "folders"

    def __init__(self, bucket: SiteBucket, release: str) -> None:
        self._bucket, self._start = bucket, folder(release)

    def listing(self) -> dict[str, Listed]:
        """List what is there, by key."""
        return self._bucket.listing(self._start)

    def key(self, path: str, sha256: str, headers: Headers) -> str:
        """Name the key of a file: its path in the folder."""
        return self._start + path

    def strays(self, there: Mapping[str, Listed], sizes: Mapping[str, int]) -> set[str]:
        """Name what lies there and is no file of the release, or has another size."""
        return {key for key, listed in there.items() if sizes.get(key) != listed.size}


class SharedFiles:
    """A folder that holds the files of all releases, named by their content and their headers.

    What somebody removes does not count as being there, and its keys are not used again: a removal that was
    believed dead cannot take away what came after it.
    """

    layout: ClassVar[Layout] = "shared"

    def __init__(self, bucket: SiteBucket) -> None:
        self._bucket, self._leaving = bucket, leaving(bucket).record.keys

    def listing(self) -> dict[str, Listed]:
        """List what is there and stays, by key."""
        listed = self._bucket.listing(SHARED)
        return {key: each for key, each in listed.items() if key not in self._leaving}

    def key(self, path: str, sha256: str, headers: Headers) -> str:
        """Name the key of a file; the first of its names that nobody removes."""
        told = [sha256, headers.get("ContentType"), headers.get("CacheControl")]
        name = SHARED + hashlib.sha256(canonical(told)).hexdigest()
        others = (f"{name}-{number}" for number in count(1))
        return name if name not in self._leaving else next(key for key in others if key not in self._leaving)

    def strays(self, there: Mapping[str, Listed], sizes: Mapping[str, int]) -> set[str]:
        """Name nothing: what is not of this release is of others."""
        return set()


def place_of(bucket: SiteBucket, release: str, layout: Layout) -> Place:
    """Give the place of a release. Ask with the pointer held: it sees what was being removed until then."""
    return SharedFiles(bucket) if layout == "shared" else OwnFolder(bucket, release)


def problem_of(bucket: SiteBucket, seal: Seal) -> str | None:
    """Look at all files of a release, wherever they lie; say what is not as it was sealed, if anything."""
    return seal.problem(place_of(bucket, seal.release, seal.layout).listing())
