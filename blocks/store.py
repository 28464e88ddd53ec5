"""Where artifacts are kept, and with a bucket also what finished steps gave back."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from prefect.blocks.core import Block
from prefect.filesystems import WritableFileSystem
from pydantic import Field, PrivateAttr, SecretStr

from blocks.keys import access_key
from sendoff.objects.opening import open_objects
from sendoff.objects.s3.address import BucketAddress, Credentials
from sendoff.spec.words import BUCKET, PREFIX, S3_SERVER
from sendoff.store import ArtifactStore

if TYPE_CHECKING:
    from sendoff.objects.s3.bucket import Bucket

RESULTS = "results"


class ArtifactFolder(Block):
    """A folder that every worker of the pool can read and write."""

    _block_type_name = "Sendoff artifact folder"
    _block_type_slug = "sendoff-artifact-folder"
    _description = "The folder in which artifacts are kept, each once, under its digest."

    folder: str = Field(title="Folder", description="An absolute path, the same on every worker")

    def connect(self, cache: Path) -> ArtifactStore:
        """Open the store; what is in a folder needs no cache."""
        return ArtifactStore(open_objects(Path(self.folder), cache))


class ArtifactBucket(WritableFileSystem):
    """A bucket of S3, or of what speaks its protocol, for artifacts and for the results of runs."""

    _block_type_name = "Sendoff artifact bucket"
    _block_type_slug = "sendoff-artifact-bucket"
    _description = "The bucket in which artifacts are kept, each once, and the results of runs."
    _opening: ClassVar[threading.Lock] = threading.Lock()
    _bucket: Bucket | None = PrivateAttr(None)

    bucket: str = Field(title="Bucket", description="The name of the bucket; it has to exist", pattern=BUCKET)
    prefix: str = Field(
        "",
        title="Prefix",
        description="The part of the bucket that is Sendoff's, such as 'sendoff'. Empty: all of it",
        pattern=PREFIX,
    )
    endpoint: str | None = Field(
        None,
        title="Endpoint",
        description="The address of the S3 server. Empty: AWS, or the worker's own",
        pattern=f"^({S3_SERVER})?$",
    )
    region: str | None = Field(
        None, title="Region", description="The region of the bucket. Empty: the worker's own"
    )
    access_key_id: str | None = Field(
        None, title="Access key ID", description="Empty: the worker's own AWS credentials"
    )
    secret_access_key: SecretStr | None = Field(
        None, title="Secret access key", description="The secret that belongs to the access key"
    )

    @classmethod
    def described_by(cls, address: BucketAddress) -> ArtifactBucket:
        """Take over what the settings say of a bucket; the credentials stay the worker's own."""
        return cls(
            bucket=address.name, prefix=address.prefix, endpoint=address.endpoint, region=address.region
        )

    def connect(self, cache: Path) -> ArtifactStore:
        """Open the store; large artifacts are read from copies in the cache."""
        return ArtifactStore(open_objects(self._address(), cache, self._credentials()))

    def read_path(self, path: str, _sync: bool = True) -> bytes:  # type: ignore[override]  # Prefect awaits aread_path
        """Read the result of a step, as Prefect asks for it."""
        return self._results.read(f"{RESULTS}/{path}")

    def write_path(self, path: str, content: bytes, _sync: bool = True) -> None:  # type: ignore[override]
        """Write the result of a step, as Prefect asks for it."""
        self._results.write(f"{RESULTS}/{path}", content)

    async def aread_path(self, path: str) -> bytes:
        """Read the result of a step without blocking the loop."""
        return await asyncio.to_thread(self.read_path, path)

    async def awrite_path(self, path: str, content: bytes) -> None:
        """Write the result of a step without blocking the loop."""
        await asyncio.to_thread(self.write_path, path, content)

    @property
    def _results(self) -> Bucket:
        from sendoff.objects.s3.bucket import Bucket  # noqa: PLC0415 -- boto3 is loaded only by who needs it

        with self._opening:  # steps on many hosts end at once, and share one connection
            if self._bucket is None:
                self._bucket = Bucket(self._address(), self._credentials())
            return self._bucket

    def _address(self) -> BucketAddress:
        return BucketAddress(
            name=self.bucket, prefix=self.prefix, endpoint=self.endpoint or None, region=self.region or None
        )

    def _credentials(self) -> Credentials | None:
        own = "the worker's own AWS credentials"
        return access_key("artifacts", self.access_key_id, self.secret_access_key, own)
