"""Real servers: S3, with one store of objects after the other, AWS emulators, receivers of HTTP and SMTP."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller
from botocore.retries.standard import ExponentialBackoff
from hypothesis import settings
from pydantic import SecretStr

from examples.ports import free_port
from examples.production.seaweedfs import SeaweedFS
from sendoff.objects import FolderObjects, Objects
from sendoff.objects.s3.address import BucketAddress, Credentials
from sendoff.objects.s3.bucket import Bucket
from sendoff.objects.s3.objects import S3Objects
from tests.kit.emulators import Emulator, Ministack, Moto
from tests.kit.serving import Handler, serving

os.environ["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"  # a test that needs a server says which
settings.register_profile("untimed", deadline=None)  # a busy machine makes no property wrong
settings.load_profile("untimed")

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


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """Start moto; a test that uses it is marked `aws`, and of the xdist group `aws`."""
    yield from started(Moto(tmp_path_factory.mktemp("moto")))


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """Start ministack; a test that uses it is marked `aws`, and of the xdist group `aws`."""
    yield from started(Ministack(tmp_path_factory.mktemp("ministack")))


def started(emulator: Any) -> Iterator[Any]:
    try:
        emulator.start()
        yield emulator
    finally:
        emulator.stop()


@pytest.fixture(params=["moto", "ministack"])
def emulator(request: pytest.FixtureRequest) -> Emulator:
    """Give one emulator of AWS after the other, with nothing in it."""
    found: Emulator = request.getfixturevalue(request.param)
    found.reset()
    return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore try again at once."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)


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


@dataclass
class Receiver:
    """A real HTTP server that keeps what it is sent. `answers`: what it says, the last one from then on.

    An answer is a status, a status with headers, or `slow`.
    """

    address: str = ""
    answers: list[Any] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listen on loopback. The answer `slow` comes only when the test is over."""
    kept = Receiver()

    class Hook(Handler):
        def do_POST(self) -> None:
            body = self.body()
            answer = kept.next_answer()
            kept.got.append((dict(self.headers), body))
            if answer == "slow":
                kept.release.wait(60)
                answer = 200
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.answer(status, headers=headers)

    with serving(Hook) as server:
        kept.address = f"{server.address}/hook"
        yield kept
        kept.release.set()


@dataclass
class Mailbox:
    """A real mail server that keeps what it is sent."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Name it as apprise does."""
        mail = "from=sendoff@shop.example&to=team@shop.example&mode=insecure&format=text"
        return f"mailto://127.0.0.1:{self.port}?smtp=127.0.0.1&{mail}"

    def texts(self) -> list[str]:
        """Give what was written, without the form in which mail carries it."""
        parts = [part for mail in self.got for part in mail.walk() if part.get_content_type() == "text/plain"]
        return [part.get_content().replace("\r\n", "\n") for part in parts]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Take mail on loopback."""
    kept = Mailbox()

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            kept.got.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 taken"

    kept.port = free_port()
    server = Controller(Handler(), hostname="127.0.0.1", port=kept.port)
    server.start()
    yield kept
    server.stop()
