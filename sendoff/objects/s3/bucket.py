"""A bucket: what is under a key, and writing it."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from sendoff.errors import StepErrored
from sendoff.objects.protocol import parts
from sendoff.objects.s3 import upload
from sendoff.objects.s3.address import BucketAddress, Credentials
from sendoff.objects.s3.client import connect
from sendoff.objects.s3.faults import BucketMissing, boundary, code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

CHUNK = 1 << 20


class Bucket:
    """A bucket under a prefix, reached when it is first asked; no foreign exception comes out of it."""

    def __init__(
        self, address: BucketAddress, credentials: Credentials | None = None, part: int = upload.PART
    ) -> None:
        self.address, self.credentials, self.part = address, credentials, part
        self._connecting = threading.Lock()
        self._connected: S3Client | None = None

    def head(self, key: str) -> HeadObjectOutputTypeDef | None:
        """Look at an object without reading it; None when there is none."""
        name = self._name(key)
        with boundary(str(self.address), f"looking for {key!r}"):
            try:
                return self._client.head_object(Bucket=self.address.name, Key=name)
            except ClientError as error:
                if code(error) not in ("404", "NoSuchKey"):
                    raise
            self._see_bucket()
        return None

    def put_new(self, key: str, source: BinaryIO) -> bool:
        """Write whole, if there is none; of many writers exactly one gets True."""
        name = self._name(key)
        if self.head(key):
            return False
        with boundary(str(self.address), f"writing {key!r}"), upload.spooled(source) as body:
            return upload.Upload(self._client, self.address.name, name, body, self.part).put_new()

    def write(self, key: str, content: bytes) -> None:
        """Write whole, also over what is there."""
        name, sha256 = self._name(key), hashlib.sha256(content).hexdigest()
        with boundary(str(self.address), f"writing {key!r}"):
            self._client.put_object(
                Bucket=self.address.name,
                Key=name,
                Body=content,
                Metadata={upload.SHA256: sha256},
                ChecksumAlgorithm=upload.ALGORITHM,
            )

    def read(self, key: str) -> bytes:
        """Read a small object whole; KeyError when there is none."""
        content = io.BytesIO()
        self.copy(key, content)
        return content.getvalue()

    def copy(self, key: str, into: BinaryIO) -> None:
        """Read into a file; StepErrored when it is not what was written, KeyError when there is none."""
        name, sha256 = self._name(key), hashlib.sha256()
        with boundary(str(self.address), f"reading {key!r}"):
            try:
                answer = self._client.get_object(Bucket=self.address.name, Key=name)
            except self._client.exceptions.NoSuchKey:
                raise KeyError(key) from None
            for chunk in answer["Body"].iter_chunks(CHUNK):
                sha256.update(chunk)
                into.write(chunk)
        self._compare(key, answer["Metadata"].get(upload.SHA256), sha256.hexdigest())

    def keys(self, prefix: str) -> Iterator[str]:
        """List the keys that start with the prefix, sorted."""
        root = f"{self.address.prefix}/" if self.address.prefix else ""
        with boundary(str(self.address), f"listing {prefix!r}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.address.name, Prefix=root + prefix
            )
            found = [each["Key"].removeprefix(root) for page in pages for each in page.get("Contents", [])]
        return iter(sorted(found))

    @property
    def _client(self) -> S3Client:
        with self._connecting:  # else each of many threads would make its own
            if self._connected is None:
                self._connected = connect(self.address, self.credentials)
            return self._connected

    def _name(self, key: str) -> str:
        return "/".join([*self.address.prefix.split("/"), *parts(str(self.address), key)]).lstrip("/")

    def _see_bucket(self) -> None:
        """Tell a missing bucket from a missing key, which look alike to whoever asks for a key alone."""
        try:
            self._client.head_bucket(Bucket=self.address.name)
        except ClientError as error:
            if code(error) not in ("404", "NoSuchBucket"):
                raise
            raise BucketMissing(
                f"{self.address}: there is no such bucket, expected one to keep artifacts in; make it, or "
                "correct its name in SENDOFF_STORE or in the block 'artifacts'"
            ) from None

    def _compare(self, key: str, expected: str | None, found: str) -> None:
        """Hold the content against the digest that its writer left; a copy made by other tools has none."""
        if expected and expected != found:
            raise StepErrored(
                f"{self.address}: {key!r} has SHA-256 {found}, expected {expected} as it was written; the "
                "store is damaged: restore it or build anew"
            )
