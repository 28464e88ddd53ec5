"""Putting an object where there is none: whole, its SHA-256 checked by the server, by one of many writers."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from sendoff.errors import StepErrored
from sendoff.objects.s3.faults import code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 16 << 20
MOST_PARTS = 10_000
TRIES = 5
ALGORITHM: Literal["SHA256"] = "SHA256"
SHA256, WRITER = "sha256", "writer"
"""The names under which an object carries the digest of its content, and who wrote it."""


class Headers(TypedDict, total=False):
    """What whoever reads an object over HTTP is told with it."""

    ContentType: str
    CacheControl: str


class Condition(TypedDict, total=False):
    """What has to be at a key for a write to happen: nothing (`*`), or what has an ETag."""

    IfMatch: str
    IfNoneMatch: str


@dataclass(frozen=True)
class Body:
    """Content at hand: a file at its start, its size in bytes and its SHA-256 in hexadecimal."""

    file: IO[bytes]
    size: int
    sha256: str


@contextmanager
def spooled(source: BinaryIO) -> Iterator[Body]:
    """Read a source to its end before anything is sent; what is large lies in a temporary file."""
    sha256 = hashlib.sha256()
    with tempfile.SpooledTemporaryFile(PART) as file:
        while chunk := source.read(1 << 20):
            sha256.update(chunk)
            file.write(chunk)
        size = file.tell()
        file.seek(0)
        yield Body(file, size, sha256.hexdigest())


@dataclass(frozen=True)
class Upload:
    """Content on its way to a key of a bucket; large content goes in parts of so many bytes.

    `over`: the ETag of what it takes the place of, where there is something.
    """

    client: S3Client
    bucket: str
    key: str
    body: Body
    part: int = PART
    headers: Headers = field(default_factory=Headers)
    over: str | None = None
    metadata: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Name the writer, so that it knows its own object again."""
        object.__setattr__(self, "metadata", {SHA256: self.body.sha256, WRITER: uuid.uuid4().hex})

    def put_new(self) -> bool:
        """Put it if there is none, or no other than `over`; False when another writer was first.

        A try whose answer was lost is repeated by botocore and then finds its own object there. So each
        writer leaves a name of its own on the object, and looks at it before it believes to be late.
        """
        for _ in range(TRIES):
            try:
                self._in_parts() if self.body.size > self.part else self._at_once()
            except ClientError as error:
                if code(error) == "ConditionalRequestConflict":
                    continue
                if code(error) in ("PreconditionFailed", "NoSuchUpload"):
                    return self._is_there()
                raise
            return True
        raise StepErrored(
            f"s3://{self.bucket}: {self.key!r} is being written by others at once, expected one of {TRIES} "
            "tries to be let through; try again"
        )

    def _is_there(self) -> bool:
        """Read back whether what is there came from here."""
        there = self.client.head_object(Bucket=self.bucket, Key=self.key)["Metadata"]
        return all(there.get(name) == value for name, value in self.metadata.items())

    @property
    def _condition(self) -> Condition:
        return {"IfMatch": self.over} if self.over else {"IfNoneMatch": "*"}

    def _at_once(self) -> None:
        self.body.file.seek(0)
        self.client.put_object(
            Bucket=self.bucket,
            Key=self.key,
            Body=self.body.file.read(),
            Metadata=self.metadata,
            ChecksumAlgorithm=ALGORITHM,
            **self._condition,
            **self.headers,
        )

    def _in_parts(self) -> None:
        """Upload a part at a time; the last request makes the object appear, if there is none."""
        upload = self.client.create_multipart_upload(
            Bucket=self.bucket,
            Key=self.key,
            Metadata=self.metadata,
            ChecksumAlgorithm=ALGORITHM,
            **self.headers,
        )["UploadId"]
        try:
            self.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=upload,
                MultipartUpload={"Parts": self._parts(upload)},
                **self._condition,
            )
        except BaseException:
            with suppress(ClientError, BotoCoreError):
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=upload)
            raise

    def _parts(self, upload: str) -> list[CompletedPartTypeDef]:
        size = max(self.part, -(-self.body.size // MOST_PARTS))
        self.body.file.seek(0)
        made: list[CompletedPartTypeDef] = []
        while chunk := self.body.file.read(size):
            number = len(made) + 1
            answer = self.client.upload_part(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=upload,
                PartNumber=number,
                Body=chunk,
                ChecksumAlgorithm=ALGORITHM,
            )
            made.append(
                {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": answer["ChecksumSHA256"]}
            )
        return made
