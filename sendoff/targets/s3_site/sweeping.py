"""Removing the shared files that no release names any more."""

from __future__ import annotations

from typing import NamedTuple

from sendoff.errors import Fenced
from sendoff.targets.s3_site import leaving
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import SHARED
from sendoff.targets.s3_site.pointer import PointerFile
from sendoff.targets.s3_site.seals import read_seal, releases


class Swept(NamedTuple):
    """How many shared files were removed, and of which release that cannot be told."""

    files: int
    unread: str | None = None


def sweep(bucket: SiteBucket, pointer: PointerFile, doing: str) -> Swept:
    """Remove the shared files that no manifest names; none when a manifest cannot be read.

    They are recorded as leaving before the pointer is looked at for the last time. So whoever holds it after
    us knows which files we may still remove, should we be asleep until then.
    """
    there = bucket.listing(SHARED)
    if not there:
        return Swept(0)
    live = pointer.hold(doing).pointer.release
    named: set[str] = set()
    for release in {*releases(bucket), *([live] if live else [])}:
        seal = read_seal(bucket, release)
        if seal is None:
            return Swept(0, release)
        named.update(key for key, _ in seal.by_key())
    left = there.keys() - named
    if left:
        leaving.note(bucket, pointer.token, left)
        try:
            pointer.hold(doing)
        except Fenced:
            leaving.note(bucket, pointer.token, ())
            raise
        bucket.delete(sorted(left))
        leaving.note(bucket, pointer.token, ())
    return Swept(len(left))
