"""A real S3 server, and one store of objects after the other, in a folder and in that server."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr

from examples.production.seaweedfs import SeaweedFS
from sendoff.objects import FolderObjects, Objects
from sendoff.objects.s3.address import BucketAddress, Credentials
from sendoff.objects.s3.bucket import Bucket
from sendoff.objects.s3.objects import S3Objects

S3_DEADLINE = 90.0  # seconds until it takes a write; some of them on a busy machine
KEEPER = Credentials(access_key_id="KEEPER", secret_access_key=SecretStr("the keeper's secret"))
WORKER = Credentials(access_key_id="WORKER", secret_access_key=SecretStr("the worker's secret"))


class S3(SeaweedFS):
    """An S3 server that runs; its keeper makes buckets, a worker may only use them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, KEEPER, WORKER)
        self.credentials = WORKER
        self._numbers = itertools.count(1)

    def make(self, prefix: str = "") -> BucketAddress:
        """Make an empty bucket."""
        name = f"bucket-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name)
        return self.address(name, prefix)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """Start SeaweedFS on loopback; it is ready when it has taken a write."""
    for _ in range(3):  # other tests may take one of its ports before it does
        server = S3(tmp_path_factory.mktemp("seaweedfs"))
        server.prepare()
        with running(server) as process:
            if is_ready(server, process):
                yield server
                return
            told = (server.folder / "log").read_text(errors="replace")[-2000:]
    pytest.fail(f"SeaweedFS does not start:\n{told}", pytrace=False)


@contextmanager
def running(server: S3) -> Iterator[subprocess.Popen[bytes]]:
    with (server.folder / "log").open("wb") as stream:
        process = subprocess.Popen(server.command, stdout=stream, stderr=stream, cwd=server.folder)
    try:
        yield process
    finally:
        process.kill()  # it takes its time to end by itself, and nothing in it is kept
        process.wait()
        server.tidy()


def is_ready(server: S3, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it takes a write; False when it has ended before, or does not come so far."""
    deadline = time.monotonic() + S3_DEADLINE
    while process.poll() is None and time.monotonic() < deadline:
        if server.takes_a_write():
            return True
        time.sleep(0.2)
    return False


class Kept(Protocol):
    """Objects that several workers share."""

    def worker(self, part: int = 5 << 20) -> Objects:
        """Open them as one more worker would, from a machine of its own."""

    def overwrite(self, key: str, content: bytes) -> None:
        """Put other content under a key, past all that guards it."""


class InFolder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def worker(self, part: int = 0) -> Objects:
        return FolderObjects(self.folder)

    def overwrite(self, key: str, content: bytes) -> None:
        (self.folder / key).write_bytes(content)


class InBucket:
    def __init__(self, server: S3, folder: Path) -> None:
        self.server, self.address = server, server.make("some/prefix")
        self._caches = (folder / f"cache-{number}" for number in itertools.count())

    def worker(self, part: int = 5 << 20) -> Objects:
        return S3Objects(Bucket(self.address, WORKER, part), next(self._caches))

    def overwrite(self, key: str, content: bytes) -> None:
        name = f"{self.address.prefix}/{key}"
        self.server.client.put_object(Bucket=self.address.name, Key=name, Body=content)


@pytest.fixture(params=["folder", pytest.param("s3", marks=[pytest.mark.s3, pytest.mark.xdist_group("s3")])])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Give empty objects, in a folder and in S3."""
    if request.param == "folder":
        return InFolder(tmp_path / "store")
    return InBucket(request.getfixturevalue("s3"), tmp_path)
