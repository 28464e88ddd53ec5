"""The storefront's history, its builds, and servers that are always stopped."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.demo.history import make_history

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "examples" / "storefront" / "app"


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shop(built: Callable[[str], Path], tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    """Copies of a built tree, with a place for orders; all on one port and one state folder, as on a host."""
    state, port, shops = tmp_path / "run", _free_port(), []

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
