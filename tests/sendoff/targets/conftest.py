"""Targets to test against: OpenSSH's daemons, the demo's embedded hosts, sites in S3, and functions."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from examples.demo.hosts import EmbeddedHosts
from examples.ports import free_port
from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3 import client
from sendoff.objects.s3.address import Access, BucketAddress
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets import connection
from sendoff.targets.function import api as function
from sendoff.targets.one_host import OneHost
from sendoff.targets.s3_site.site import S3Site, open_target
from sendoff.targets.ssh.connection import connect
from sendoff.targets.ssh.fleet import Fleet
from sendoff.targets.ssh.login import HostAddress, Login
from sendoff.targets.ssh.session import Session
from tests.kit.emulators import Emulator, Ministack
from tests.kit.functions import PAUSE, Functions, functions_in
from tests.sendoff.targets.load_balancer.place import OverEcs, OverSsh

SSHD = "/usr/sbin/sshd"
CONFIG = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/client_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
MaxStartups 100
LogLevel ERROR
SetEnv SHLVL=2
"""


def until(true: Callable[[], object], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.parent.name))
    return found


@dataclass
class Site:
    """A running SSH server: how to get in, where to put things, how to make it die and come back."""

    kind: str
    address: HostAddress
    login: Login
    root: Path
    break_connections: Callable[[], None]
    die: Callable[[], None]
    come_back: Callable[[], None]
    fleets: list[Fleet] = field(default_factory=list)

    def fleet(self, root: Path | None = None, shared: tuple[str, ...] = (), **changes: object) -> Fleet:
        options = {"transfer_timeout": 60.0, "token": 1, **changes}
        login = options.pop("login", self.login)
        fleet = Fleet({"web-1": self.address}, login, {"web-1": str(root or self.root)}, shared, **options)  # type: ignore[arg-type]
        self.fleets.append(fleet)
        return fleet


class Daemon:
    """An OpenSSH daemon in the foreground, as the user who runs the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True)
        for key in ("host_key", "client_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
        (folder / "sshd_config").write_text(CONFIG.format(port=self.port, folder=folder))
        public = (folder / "host_key.pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}")
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        command = [SSHD, "-D", "-e", "-f", str(self.folder / "sshd_config")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: listens(self.port), f"sshd listens; its log: {(self.folder / 'log').read_text()}")

    def break_connections(self) -> None:
        assert self.process
        for session in children(self.process.pid):
            for worker in (*children(session), session):
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    if "sshd" in Path(f"/proc/{worker}/comm").read_text():
                        os.kill(worker, signal.SIGKILL)

    def stop(self) -> None:
        assert self.process
        self.break_connections()
        self.process.kill()
        self.process.wait()


class Pages:
    """A place for a site in a bucket of the server, and a look at what lies there past all that guards it."""

    numbers = itertools.count(1)

    def __init__(self, server: Any, bucket: str, layout: str) -> None:
        self.server, self.bucket, self.layout = server, bucket, layout
        self.prefix = f"site-{next(self.numbers)}/pages"
        self.opened: list[OneHost[S3Site]] = []

    def site(self, token: int = 1, by: str = "run-1", **changes: Any) -> S3Site:
        """Open it as a run would under a number."""
        described = {
            "kind": "s3-site",
            "name": "pages",
            "bucket": self.bucket,
            "prefix": self.prefix,
            "layout": self.layout,
            "region": "us-east-1",
            "endpoint": self.server.endpoint,
            **changes,
        }
        site = StaticSite.model_validate(described)
        self.opened.append(open_target(site, Access(key=self.server.credentials), by, token))
        return self.opened[-1].host("pages")

    def names(self, start: str = "") -> list[str]:
        pages = self.server.client.list_objects_v2(Bucket=self.bucket, Prefix=f"{self.prefix}/{start}")
        return [each["Key"].removeprefix(f"{self.prefix}/") for each in pages.get("Contents", [])]

    def get(self, key: str) -> Any:
        return self.server.client.get_object(
            Bucket=self.bucket, Key=f"{self.prefix}/{key}", ChecksumMode="ENABLED"
        )

    def put(self, key: str, content: bytes) -> None:
        self.server.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}/{key}", Body=content)

    def delete(self, key: str) -> None:
        self.server.client.delete_object(Bucket=self.bucket, Key=f"{self.prefix}/{key}")

    def pointer(self) -> dict[str, Any]:
        return self.json(".sendoff/current.json")

    def json(self, key: str) -> dict[str, Any]:
        found = json.loads(self.get(key)["Body"].read())
        assert isinstance(found, dict)
        return found

    def keys(self, release: str) -> dict[str, str]:
        """Map the paths of a release to keys, as who serves it does."""
        files = self.json(f".sendoff/manifests/{release}.json")["files"]
        return {each["path"]: each["key"] or f"rel/{release}/{each['path']}" for each in files}

    def content(self, release: str) -> dict[str, bytes]:
        """Read a release as visitors see it, by path."""
        return {path: self.get(key)["Body"].read() for path, key in self.keys(release).items()}

    def sealed(self) -> list[str]:
        """Name the releases that have a manifest that is not empty."""
        start = ".sendoff/manifests/"
        found = [key for key in self.names(start) if key[-1] != "/" and self.get(key)["Body"].read()]
        return [key.removeprefix(start).removesuffix(".json") for key in found]

    def stored(self) -> list[str]:
        """Name all files of all releases, and what lies beside them."""
        return [each for each in self.names() if not each.startswith(".sendoff/") and each[-1] != "/"]

    def holding(self, content: bytes) -> str:
        """Name the file that has some content."""
        (key,) = [each for each in self.stored() if self.get(each)["Body"].read() == content]
        return key

    def etag(self, key: str) -> Any:
        return self.get(key)["ETag"]


def openssh(folder: Path) -> Iterator[Site]:
    if not Path(SSHD).exists():
        pytest.fail(f"{SSHD} is missing; install the Debian package openssh-server", pytrace=False)
    daemon = Daemon(folder / "sshd")
    user = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    login = Login(
        user=user,
        private_key_file=str(folder / "sshd" / "client_key"),
        known_hosts=str(folder / "sshd" / "known_hosts"),
    )
    address = HostAddress(address="127.0.0.1", port=daemon.port)
    yield Site("openssh", address, login, folder / "srv", daemon.break_connections, daemon.stop, daemon.start)
    daemon.stop()


def embedded(folder: Path) -> Iterator[Site]:
    with EmbeddedHosts(folder / "embedded", ["web-1"], jump=True) as hosts:
        host = hosts.hosts["web-1"]
        login = Login(
            user="deploy", private_key_file=str(hosts.client_key), known_hosts=str(hosts.known_hosts)
        )

        def flicker() -> None:
            hosts.stop_host("web-1")
            hosts.start_host("web-1")

        yield Site(
            "embedded",
            HostAddress(address=host.address, port=host.port),
            login,
            host.folder / "srv",
            flicker,
            lambda: hosts.stop_host("web-1"),
            lambda: hosts.start_host("web-1"),
        )


@pytest.fixture(params=[pytest.param("openssh", marks=pytest.mark.ssh), "embedded"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A host of each kind, with nothing on it."""
    kind = {"openssh": openssh, "embedded": embedded}[request.param]
    sites = kind(tmp_path)
    running = next(sites)
    yield running
    for fleet in running.fleets:
        fleet.close()
    next(sites, None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArtifactStore]:
    made = ArtifactStore(FolderObjects(tmp_path / "store"))
    yield made
    made.close()


@pytest.fixture
def build(store: ArtifactStore, tmp_path: Path) -> Callable[..., Artifact]:
    """Make an artifact of files by path: bytes, an `str` for a link's target, None for an empty folder."""
    numbers = itertools.count(1)

    def make(files: dict[str, bytes | str | None], executable: tuple[str, ...] = ()) -> Artifact:
        version = f"1.{next(numbers)}"
        tree = tmp_path / f"tree-{version}"
        tree.mkdir()
        for path, content in files.items():
            place = tree / path
            place.parent.mkdir(parents=True, exist_ok=True)
            match content:
                case bytes():
                    place.write_bytes(content)
                    place.chmod(0o755 if path in executable else 0o644)
                case str():
                    place.symlink_to(content)
                case None:
                    place.mkdir()
        now = datetime(2026, 1, 1, tzinfo=UTC)
        artifact = store.add(tree, "app", version, commit=None, built_at=now, built_by="tests")
        shutil.rmtree(tree)
        return artifact

    return make


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until something is true, or fail saying what was not."""
    return until


@pytest.fixture(scope="session")
def one_client() -> Iterator[None]:
    """Share a client among all sites that are opened alike: making one takes longer than most tests."""
    made: dict[tuple[str | None, int], Any] = {}

    def shared(address: BucketAddress, access: Access) -> Any:
        key = (address.endpoint, client.TRIES)
        if key not in made:
            made[key] = client.connect(address, access)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sendoff.targets.s3_site.bucket.connect", shared)
        yield


@pytest.fixture(scope="session")
def site_bucket(s3: Any) -> str:
    """One bucket for all tests, each in a part of its own."""
    return str(s3.make().name)


@pytest.fixture(params=["folders", "shared"])
def layout(request: pytest.FixtureRequest) -> str:
    """How the files of a site lie: in a folder for each release, or each once for all."""
    return str(request.param)


@pytest.fixture
def pages(s3: Any, site_bucket: str, one_client: None, layout: str) -> Iterator[Pages]:
    """An empty place for a site on a real S3 server, of one layout after the other."""
    made = Pages(s3, site_bucket, layout)
    yield made
    for each in made.opened:
        each.close()


class OneSession:
    """Clients of one session, each made once for all that ask alike."""

    def __init__(self, access: Access, region: str | None) -> None:
        self._session = client.session(access, region)
        self._made: dict[tuple[object, ...], Any] = {}

    def client(self, service: str, endpoint_url: str | None, config: Config) -> Any:
        """Make a client, or give the one that was; variables may lead each somewhere else."""
        led = tuple(sorted(each for each in os.environ.items() if each[0].startswith("AWS_ENDPOINT_URL")))
        key = (service, endpoint_url, led, repr(vars(config)))
        if key not in self._made:
            self._made[key] = self._session.client(service, endpoint_url=endpoint_url, config=config)
        return self._made[key]


@pytest.fixture(scope="session")
def one_session() -> Iterator[None]:
    """Share clients among all targets that are opened alike: making them takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "session", functools.cache(OneSession))
        patch.setattr(function, "PAUSE", PAUSE)
        yield


@pytest.fixture
def functions(ministack: Ministack, one_session: None) -> Iterator[Functions]:
    """A function in the emulator that runs code and minds revisions."""
    with functions_in(ministack) as made:
        yield made


@pytest.fixture
def both(emulator: Emulator, one_session: None) -> Iterator[Functions]:
    """A function in one emulator after the other."""
    with functions_in(emulator) as made:
        yield made


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Share a connection among all that log in alike on a host: that takes longer than what is done there."""
    made: dict[tuple[str, int, Login, str], Session] = {}

    def shared(address: str, port: int, login: Login, name: str) -> Session:
        key = (address, port, login, name)
        if key not in made or not made[key].is_alive:
            made[key] = connect(*key)
        return made[key]

    monkeypatch.setattr("sendoff.targets.ssh.fleet.connect", shared)


@pytest.fixture
def over_ssh(
    moto: Any, one_session: None, one_connection: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OverSsh]:
    """A load balancer with a host of OpenSSH behind each side, which is looked at without pauses."""
    monkeypatch.setattr("sendoff.targets.load_balancer.backing.EVERY", 0.05)
    sites = openssh(tmp_path)
    made = OverSsh(moto, monkeypatch, next(sites))
    yield made
    made.close()
    next(sites, None)


@pytest.fixture
def over_ecs(
    moto: Any, ministack: Any, one_session: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OverEcs]:
    """A load balancer with a service of ECS behind each side, which is looked at without pauses."""
    monkeypatch.setattr("sendoff.targets.load_balancer.backing.EVERY", 0.05)
    made = OverEcs(moto, monkeypatch, ministack)
    yield made
    made.close()


@pytest.fixture(params=["over_ssh", "over_ecs"])
def balanced(request: pytest.FixtureRequest) -> OverSsh | OverEcs:
    """A load balancer with either behind it, on which nothing was released."""
    found: OverSsh | OverEcs = request.getfixturevalue(request.param)
    return found
