"""The pointer of a site: which release is live, moved by one conditional write, and who may move it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from pydantic import ValidationError

from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.model import canonical
from sendoff.targets.protocol import Outcome
from sendoff.targets.reckoning import skew
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.layout import POINTER, Pointer

TRIES = 8


class Seen(NamedTuple):
    """The pointer as it was read, with its ETag, and how far the server's clock is ahead of ours."""

    pointer: Pointer
    etag: str | None
    skew: float


class PointerFile:
    """The pointer in its bucket. `token`: the number of the lease that it is changed under."""

    def __init__(
        self, bucket: SiteBucket, by: str, token: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._bucket, self._by, self._clock = bucket, by, clock
        self.token = token

    def read(self) -> Seen:
        """Read it; one that was never written points nowhere."""
        asked = self._clock()
        found = self._bucket.read(POINTER)
        heard = self._clock()
        ahead = skew(int(found.clock), asked, heard) if found.clock is not None else 0.0
        if found.content is None:
            return Seen(Pointer(), None, ahead)
        try:
            return Seen(Pointer.model_validate_json(found.content), found.etag, ahead)
        except ValidationError:
            raise PolicyRefused(
                f"{self._bucket.name}: {POINTER} is not what Sendoff wrote, expected the pointer of a site; "
                "restore it from a version before, or remove it when nothing is to be live"
            ) from None

    def hold(self, doing: str) -> Seen:
        """Leave our number in it, so that who comes with a smaller one is refused; Fenced when that is us.

        A write of theirs that is under way fails afterwards, as the pointer is not the one that they read.
        """
        if self.token <= 0:
            raise StepErrored(
                f"{self._bucket.name}: {doing} was given no number, expected that of a lease; start again"
            )
        for _ in range(TRIES):
            seen = self.read()
            if seen.pointer.fence > self.token:
                raise Fenced(
                    f"{self._bucket.name}: {doing} was refused: it has seen number {seen.pointer.fence}, "
                    "which is larger than ours"
                )
            if seen.pointer.fence == self.token:
                return seen
            self._write(seen, {"fence": self.token})
        raise self._contended(doing)

    def move(self, release: str | None) -> Outcome:
        """Point to a release, or to none; what is so already is not written again."""
        doing, has_tried = f"switching to {release or 'none'}", False
        for _ in range(TRIES):
            seen = self.hold(doing)
            if seen.pointer.release == release:
                before = f", before: {seen.pointer.before or 'none'}" if has_tried else " already"
                return Outcome(changed=has_tried, said=f"{release or 'none'} is live{before}")
            has_tried = True
            self._write(seen, {"release": release, "before": seen.pointer.release})
        raise self._contended(doing)

    def _write(self, seen: Seen, changes: dict[str, object]) -> None:
        """Try it; whether it counts is seen by reading it again."""
        new = seen.pointer.model_copy(update={**changes, "by": self._by, "writes": seen.pointer.writes + 1})
        self._bucket.write(POINTER, canonical(new), seen.etag)

    def _contended(self, doing: str) -> StepErrored:
        return StepErrored(
            f"{self._bucket.name}: {doing} failed, as {POINTER} was changed by others {TRIES} times "
            "meanwhile, expected nobody else to write it; see who does, then try again"
        )
