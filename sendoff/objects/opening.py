"""Opening what keeps objects, a folder or a bucket, without loading boto3 for a folder."""

from __future__ import annotations

from pathlib import Path

from sendoff.objects.folder import FolderObjects
from sendoff.objects.protocol import Objects
from sendoff.objects.s3.address import BucketAddress, Credentials


def open_objects(where: Path | BucketAddress, cache: Path, credentials: Credentials | None = None) -> Objects:
    """Open a folder, or a bucket with a cache on this machine; nothing is asked of it yet."""
    if isinstance(where, Path):
        return FolderObjects(where)
    from sendoff.objects.s3.bucket import Bucket  # noqa: PLC0415 -- boto3 takes a third of a second to load
    from sendoff.objects.s3.objects import S3Objects  # noqa: PLC0415

    return S3Objects(Bucket(where, credentials), cache)
