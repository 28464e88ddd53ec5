"""The storefront's history, its builds, servers that are always stopped, and what `make` runs."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.demo.history import make_history
from examples.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "examples" / "storefront" / "app"
MARK = "SENDOFF_TEST_OF_AN_EXAMPLE"
DEADLINE = 900.0  # seconds for a whole example; a busy machine takes several times as long as a free one


@dataclass(frozen=True)
class Answer:
    """What a request came to."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Shop:
    """A built tree, run through its own command on a free port."""

    tree: Path
    state: Path
    port: int

    def control(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, self.tree / "bin" / "storefront", *words),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def service(self, command: str) -> subprocess.CompletedProcess[str]:
        port = ("--port", str(self.port)) if command in ("start", "restart") else ()
        return self.control(command, "--state", str(self.state), *port)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pid(self) -> int:
        return int(json.loads((self.state / "pid").read_text())["pid"])


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    repository = tmp_path_factory.mktemp("history") / "repository"
    return repository, make_history(APP, repository)


@pytest.fixture(scope="session")
def build(history: tuple[Path, dict[str, str]]) -> Callable[[str, Path], Path]:
    """Check a version out and build it, as a release does; gives the folder it leaves."""
    repository, commits = history

    def make(version: str, folder: Path) -> Path:
        subprocess.run(("git", "clone", "--quiet", repository, folder), check=True)
        subprocess.run(("git", "checkout", "--quiet", commits[version]), cwd=folder, check=True)
        command = (sys.executable, "build.py", "--version", version, "--commit", commits[version])
        environment = {"PATH": os.environ["PATH"]}
        subprocess.run(command, cwd=folder, check=True, env=environment, stdout=subprocess.DEVNULL)
        return folder / "dist"

    return make


@pytest.fixture(scope="session")
def built(
    build: Callable[[str, Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Each version built once."""
    trees: dict[str, Path] = {}

    def get(version: str) -> Path:
        if version not in trees:
            trees[version] = build(version, tmp_path_factory.mktemp("checkout") / "source")
        return trees[version]

    return get


@pytest.fixture
def shop(built: Callable[[str], Path], tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    """Copies of a built tree, with a place for orders; all on one port and one state folder, as on a host."""
    state, port, shops = tmp_path / "run", free_port(), []

    def make(version: str) -> Shop:
        tree = tmp_path / f"tree-{len(shops)}"
        shutil.copytree(built(version), tree)
        (tree / "data").mkdir()
        shops.append(Shop(tree, state, port))
        return shops[-1]

    yield make
    if shops:
        stopped = shops[0].service("stop")
        assert stopped.returncode == 0, stopped.stderr


@dataclass
class Made:
    """What `make` runs in a checkout of its own: all that it starts can be told by its mark or directory."""

    checkout: Path
    mark: str
    output: Path
    process: subprocess.Popen[bytes]

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def waits_for(self, text: str) -> None:
        self.waits_until(lambda: text in self.said())

    def waits_until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE
        while not true():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, f"not in {DEADLINE:.0f} s:\n{self.said()}"
            time.sleep(0.2)

    def ends(self) -> int:
        return self.process.wait(DEADLINE)

    def ctrl_c(self) -> None:
        """Interrupt as a terminal does: everything in the foreground."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)

    def left(self) -> list[str]:
        """Name the processes that it started and that are still there."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                is_ours = f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes()
                is_here = (folder / "cwd").resolve().is_relative_to(self.checkout)
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if (is_ours or is_here) and words:
                found.append(f"{folder.name} {words}")
        return found


def copy_checkout(to: Path) -> None:
    """Copy what git knows or would take in, with this environment in the place of one to install."""
    listed = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    (to / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (to / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (to / ".venv" / "ready").touch()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree."""
    folder = tmp_path_factory.mktemp("make") / "checkout"
    folder.mkdir()
    copy_checkout(folder)
    return folder.resolve()


@pytest.fixture(scope="module")
def make(checkout: Path) -> Iterator[Callable[..., Made]]:
    """Start `make` with a target and settings; whatever happens, none is left running."""
    started: list[Made] = []

    def start(*words: str) -> Made:
        hidden = ("PREFECT_", "SENDOFF_", "MAKE", "MFLAGS", "VERSION", "APPROVE", "PORT", "PYTEST")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        mark, output = uuid.uuid4().hex, checkout.parent / f"output-{len(started)}"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                ("make", *words),
                cwd=checkout,
                env={**kept, MARK: mark, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(Made(checkout, mark, output, process))
        return started[-1]

    yield start
    for each in started:
        each.ctrl_c()
        each.ends()
