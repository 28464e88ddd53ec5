"""What is asked of a site's bucket, a request each; no foreign exception comes out of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from sendoff.errors import SendoffError, StepErrored
from sendoff.objects.s3 import upload
from sendoff.objects.s3.address import Access, BucketAddress
from sendoff.objects.s3.client import connect
from sendoff.objects.s3.faults import AccessRefused, AddressRefused, BucketMissing, boundary, code
from sendoff.targets.aws import elsewhere
from sendoff.targets.s3_site.layout import PROBE, Listed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_DELETED = 1000  # in one request
NOBODYS = '"00000000000000000000000000000000"'  # an ETag that no object has
JSON = "application/json; charset=utf-8"
LATE, CONFLICT = ("PreconditionFailed", "412"), ("ConditionalRequestConflict", "409")
GONE = ("NoSuchKey", "404")
FOREIGN = ("AccessDenied", "403")
ADVICE: dict[type[SendoffError], str] = {
    BucketMissing: "make the bucket, or correct `bucket` in the release file",
    AccessRefused: "correct the key or the role in the target's block 'Sendoff AWS connection', or the AWS "
    "credentials here; they have to list the bucket, and get, put and delete objects below the prefix",
    AddressRefused: "correct `endpoint` and `region` in the release file or in the target's block",
    StepErrored: "see to the S3 server and the network, then try again",
}


class Found(NamedTuple):
    """An object that was read, or that there is none; and the time by the server's clock, if it said it."""

    content: bytes | None
    etag: str | None
    clock: float | None


class SiteBucket:
    """A bucket below a prefix, reached when it is first asked; may be used from many threads at once."""

    def __init__(self, name: str, address: BucketAddress, access: Access) -> None:
        self.name, self.address, self.access = name, address, access
        self._root = f"{address.prefix}/" if address.prefix else ""
        self._connecting = threading.Lock()
        self._connected: S3Client | None = None

    @property
    def elsewhere(self) -> str | None:
        """Give the address of the server when it is none of AWS."""
        with self._asking("connecting"):
            return elsewhere(self._client.meta.endpoint_url)

    @property
    def region(self) -> str:
        """Name the region that is asked."""
        with self._asking("connecting"):
            return self._client.meta.region_name

    def belongs_to(self, account: str) -> bool:
        """Tell whether the bucket is one of an account's; AWS says so to nobody who may not see it."""
        with self._asking("asking whose it is"):
            try:
                self._client.head_bucket(Bucket=self.address.name, ExpectedBucketOwner=account)
            except ClientError as error:
                if code(error) not in FOREIGN:
                    raise
                return False
        return True

    def read(self, key: str) -> Found:
        """Read a small object whole."""
        with self._asking(f"reading {key!r}"):
            try:
                answer = self._client.get_object(Bucket=self.address.name, Key=self._root + key)
                return Found(answer["Body"].read(), answer["ETag"], _clock(answer))
            except ClientError as error:
                if code(error) not in GONE:
                    raise
                return Found(None, None, _clock(error.response))

    def write(self, key: str, content: bytes, etag: str | None) -> bool:
        """Write over what has this ETag, or where there is nothing; False when that is not so (any more).

        False too when our own try was carried out and its answer lost: whoever asks reads back.
        """
        condition: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        with self._asking(f"writing {key!r}"):
            try:
                self._client.put_object(
                    Bucket=self.address.name,
                    Key=self._root + key,
                    Body=content,
                    ContentType=JSON,
                    CacheControl="no-cache",
                    ChecksumAlgorithm=upload.ALGORITHM,
                    **condition,
                )
            except ClientError as error:
                if code(error) not in (*LATE, *CONFLICT, *GONE):
                    raise
                return False
        return True

    def minds_conditions(self) -> bool:
        """Find out by a write that must not happen whether we may write, and whether conditions count here.

        AccessRefused when we may not. What a server wrote that does not mind conditions is removed.
        """
        if self.write(PROBE, b"", NOBODYS):
            self.delete([PROBE])
            return False
        return True

    def listing(self, start: str) -> dict[str, Listed]:
        """List what has keys that start so, by their keys."""
        with self._asking(f"listing {start!r}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.address.name, Prefix=self._root + start
            )
            return {
                each["Key"].removeprefix(self._root): Listed(each["Size"], each["ETag"], each["LastModified"])
                for page in pages
                for each in page.get("Contents", ())
            }

    def folders(self, start: str) -> list[str]:
        """List the names between the start of a key and the next slash."""
        start = self._root + start
        with self._asking(f"listing {start!r}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.address.name, Prefix=start, Delimiter="/"
            )
            found = (each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ()))
            return [each.removeprefix(start).removesuffix("/") for each in found]

    def holds(self, key: str, sha256: str, headers: upload.Headers) -> bool:
        """Tell whether an object has this content, as its writer said and the server checked, and headers."""
        with self._asking(f"looking at {key!r}"):
            try:
                head = self._client.head_object(Bucket=self.address.name, Key=self._root + key)
            except ClientError as error:
                if code(error) not in GONE:
                    raise
                return False
        told: upload.Headers = {}
        if "ContentType" in head:
            told["ContentType"] = head["ContentType"]
        if "CacheControl" in head:
            told["CacheControl"] = head["CacheControl"]
        return head["Metadata"].get(upload.SHA256) == sha256 and told == headers

    def put(self, key: str, body: upload.Body, headers: upload.Headers, over: str | None) -> bool:
        """Put an object over what has this ETag, or where there is nothing; the server checks its SHA-256.

        False when that is not so (any more).
        """
        with self._asking(f"writing {key!r}"):
            name = self._root + key
            sent = upload.Upload(self._client, self.address.name, name, body, headers=headers, over=over)
            return sent.put_new()

    def copy(self, source: str, etag: str, key: str, sha256: str, headers: upload.Headers) -> bool:
        """Copy an object on the server while it still has this ETag; False when it has not, or is gone."""
        with self._asking(f"copying {source!r}"):
            try:
                self._client.copy_object(
                    Bucket=self.address.name,
                    Key=self._root + key,
                    CopySource={"Bucket": self.address.name, "Key": self._root + source},
                    CopySourceIfMatch=etag,
                    MetadataDirective="REPLACE",
                    Metadata={upload.SHA256: sha256},
                    ChecksumAlgorithm=upload.ALGORITHM,
                    **headers,
                )
            except ClientError as error:
                if code(error) not in (*LATE, *GONE):
                    raise
                return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is removed."""
        left = iter(keys)
        while some := list(islice(left, MOST_DELETED)):
            with self._asking("removing objects"):
                answer = self._client.delete_objects(
                    Bucket=self.address.name,
                    Delete={"Objects": [{"Key": self._root + key} for key in some], "Quiet": True},
                )
            for wrong in answer.get("Errors", ()):
                raise StepErrored(
                    f"{self.name}: removing {wrong.get('Key')!r} failed ({wrong.get('Code')}), expected it "
                    "to work; see to the rights on the bucket"
                )

    def close(self) -> None:
        """Hang up."""
        with self._connecting:
            if self._connected is not None:
                self._connected.close()
            self._connected = None

    def _asking(self, doing: str) -> AbstractContextManager[None]:
        return boundary(f"{self.name} ({self.address})", doing, ADVICE)

    @property
    def _client(self) -> S3Client:
        with self._connecting:  # else each of many threads would make its own
            if self._connected is None:
                self._connected = connect(self.address, self.access)
            return self._connected


def _clock(answer: Any) -> float | None:
    said = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said).timestamp() if said else None
