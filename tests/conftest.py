"""A real S3 server, and one store of objects after the other, in a folder and in that server."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydantic import SecretStr

from sendoff.errors import SendoffError
from sendoff.objects import FolderObjects, Objects
from sendoff.objects.s3.address import BucketAddress, Credentials
from sendoff.objects.s3.bucket import Bucket
from sendoff.objects.s3.client import connect
from sendoff.objects.s3.objects import S3Objects

S3_DEADLINE = 90.0  # seconds until it takes a write; some of them on a busy machine
PORTS = tuple(f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc"))
KEEPER = Credentials(access_key_id="KEEPER", secret_access_key=SecretStr("the keeper's secret"))
WORKER = Credentials(access_key_id="WORKER", secret_access_key=SecretStr("the worker's secret"))


class S3:
    """An S3 server that runs; its keeper makes buckets, a worker may only use them."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint, self.credentials = endpoint, WORKER
        self.client = connect(BucketAddress(name="any", endpoint=endpoint, region="us-east-1"), KEEPER)
        self._numbers = itertools.count(1)

    def address(self, name: str, prefix: str = "", endpoint: str | None = None) -> BucketAddress:
        """Say where a bucket is, or would be."""
        endpoint = endpoint or self.endpoint
        return BucketAddress(name=name, prefix=prefix, endpoint=endpoint, region="us-east-1")

    def make(self, prefix: str = "") -> BucketAddress:
        """Make an empty bucket."""
        name = f"bucket-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name)
        return self.address(name, prefix)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """Start SeaweedFS on loopback; it is ready when it has taken a write."""
    folder = tmp_path_factory.mktemp("seaweedfs")
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    config = folder / "s3.json"
    config.write_text(
        json.dumps({"identities": [may(KEEPER, "Admin"), may(WORKER, "Read", "Write", "List")]})
    )
    command = [
        str(Path(sys.executable).parent / "weed"), "-logtostderr", "server", f"-dir={folder}",
        "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-filer",
        "-s3", f"-s3.config={config}", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-master.volumeSizeLimitMB=64", "-volume.max=500",
    ]  # fmt: skip
    command += [f"-{name}={port}" for name, port in ports.items()]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        server = S3(f"http://127.0.0.1:{ports['s3.port']}")
        wait_for_a_write(server, process, folder / "log")
        yield server
    finally:
        process.kill()  # it takes its time to end by itself, and nothing in it is kept
        process.wait()


def may(who: Credentials, *actions: str) -> dict[str, Any]:
    key = {"accessKey": who.access_key_id, "secretKey": who.secret_access_key.get_secret_value()}
    return {"name": who.access_key_id, "credentials": [key], "actions": actions}


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        sockets = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for_a_write(server: S3, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + S3_DEADLINE
    bucket = Bucket(server.address("ready"), KEEPER)
    while True:
        try:
            return bucket.write("ready", b"yes")
        except SendoffError as error:
            told = f"{error}\n{log.read_text(errors='replace')[-2000:]}"
            assert process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.2)


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
