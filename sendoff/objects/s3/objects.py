"""Objects in a bucket; large ones are read from a copy on this machine."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sendoff.objects.cache import Cache
from sendoff.objects.s3.bucket import Bucket
from sendoff.objects.s3.faults import boundary

SMALL = 1 << 20


class S3Objects:
    """Objects in a bucket. A key appears at once and whole, whoever writes or is killed."""

    def __init__(self, bucket: Bucket, cache: Path) -> None:
        self.bucket, self.cache = bucket, Cache(cache)

    def put_new(self, key: str, source: BinaryIO) -> bool:
        """Write whole, if there is none: of many writers exactly one gets True."""
        return self.bucket.put_new(key, source)

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start, seekable; what is large is fetched once for all who ask."""
        head = self.bucket.head(key)
        if head is None:
            raise KeyError(key)
        if head["ContentLength"] <= SMALL:
            return io.BytesIO(self.bucket.read(key))
        address = self.bucket.address
        name = hashlib.sha256(f"{address.endpoint} {address} {key} {head['ETag']}".encode()).hexdigest()
        with boundary(str(address), f"keeping a copy of {key!r}"):
            return self.cache.open(name, lambda file: self.bucket.copy(key, file))

    def has(self, key: str) -> bool:
        """Tell whether there is one."""
        return self.bucket.head(key) is not None

    def keys(self, prefix: str) -> Iterator[str]:
        """List the keys that start with the prefix, sorted."""
        return self.bucket.keys(prefix)
