"""The record of shared files that are being removed: written before the first of them is."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pydantic import ValidationError

from sendoff.errors import PolicyRefused, StepErrored
from sendoff.model import canonical
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import LEAVING, Leaving

TRIES = 8


class Read(NamedTuple):
    """The record as it was read, with its ETag."""

    record: Leaving
    etag: str | None


def leaving(bucket: SiteBucket) -> Read:
    """Read which shared files are being removed; none where nobody has ever removed any."""
    found = bucket.read(LEAVING)
    if found.content is None:
        return Read(Leaving(), None)
    try:
        return Read(Leaving.model_validate_json(found.content), found.etag)
    except ValidationError:
        raise PolicyRefused(
            f"{bucket.name}: {LEAVING} is not what Sendoff wrote, expected the files that are being removed; "
            "restore it from a version before, or remove it when no release has run for a day"
        ) from None


def note(bucket: SiteBucket, token: int, keys: Collection[str]) -> None:
    """Say that these files are being removed under this number, and no others; without keys, that none is.

    The write is conditional; whether it counts is seen by reading it again.
    """
    for _ in range(TRIES):
        record, etag = leaving(bucket)
        others = {number: those for number, those in record.removals.items() if number != token}
        wanted = {**others, token: tuple(sorted(keys))} if keys else others
        if wanted == record.removals:
            return
        bucket.write(LEAVING, canonical(Leaving(removals=wanted, writes=record.writes + 1)), etag)
    raise StepErrored(
        f"{bucket.name}: {LEAVING} was changed by others {TRIES} times meanwhile, expected nobody else to "
        "write it; see who does, then try again"
    )
