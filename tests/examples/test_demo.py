"""`make demo` as a newcomer runs it: the real Makefile, in a copy of the checkout."""

from __future__ import annotations

import os
import re
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

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MARK = "SENDOFF_TEST_OF_THE_DEMO"
DEADLINE = 400.0  # seconds for a whole demo; a busy machine takes several times as long as a free one
pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("docs"), pytest.mark.timeout(900)]


@dataclass
class Demo:
    """A demo in a checkout of its own: all that it starts can be told by its mark or its directory."""

    checkout: Path
    mark: str
    output: Path
    process: subprocess.Popen[bytes]

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def waits_for(self, text: str) -> None:
        end = time.monotonic() + DEADLINE
        while text not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, f"{text!r} was not said in {DEADLINE:.0f} s:\n{self.said()}"
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


def listener(port: int) -> socket.socket | None:
    """Take a port; None when somebody has it."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", port))
    except OSError:
        taken.close()
        return None
    taken.listen()
    return taken


def free_port() -> int:
    taken = listener(0)
    assert taken
    with taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree; demos in it run one after the other."""
    folder = tmp_path_factory.mktemp("demo") / "checkout"
    folder.mkdir()
    copy_checkout(folder)
    return folder.resolve()


@pytest.fixture(scope="module")
def demo(checkout: Path) -> Iterator[Callable[..., Demo]]:
    """Start `make demo` with settings; whatever happens, none is left running."""
    started: list[Demo] = []

    def start(*settings: str) -> Demo:
        hidden = ("PREFECT_", "SENDOFF_", "MAKE", "MFLAGS", "VERSION", "APPROVE", "PORT", "PYTEST")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        mark, output = uuid.uuid4().hex, checkout.parent / f"output-{len(started)}"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                ("make", "demo", *settings),
                cwd=checkout,
                env={**kept, MARK: mark, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(Demo(checkout, mark, output, process))
        return started[-1]

    yield start
    for each in started:
        each.ctrl_c()
        each.ends()


@pytest.fixture(scope="module")
def approved(demo: Callable[..., Demo]) -> Demo:
    """A demo that asked nobody and has ended, while somebody had the port that it likes best."""
    taken = listener(4200)  # None: somebody has it already
    try:
        ended = demo("APPROVE=yes")
        ended.ends()
    finally:
        if taken:
            taken.close()
    print(re.search(r"After \d+ s", ended.said()))
    return ended


@pytest.fixture(scope="module")
def waiting(demo: Callable[..., Demo]) -> Demo:
    """A demo whose release waits for its approval."""
    running = demo(f"PORT={free_port()}")
    running.waits_for("waits for approval of 'go-live'")
    return running


@pytest.fixture(scope="module")
def broken(demo: Callable[..., Demo]) -> Demo:
    """A demo of the version that is not healthy, ended."""
    ended = demo("VERSION=broken", "APPROVE=yes")
    ended.ends()
    return ended


def test_approved_demo_goes_live(approved):
    """It exits with 0 as all hosts serve what was released."""
    assert approved.process.returncode == 0, approved.said()
    assert "Served by the hosts now: web-1 2.4.1, web-2 2.4.1, web-3 2.4.1" in approved.said()


def test_taken_port_is_told(approved):
    """The port that it likes best is taken: it takes another, and says so and how to name one."""
    said = approved.said()
    assert (other := re.search(r"UI is at port (\d+)", said)), said
    assert "4200 is taken" in said
    assert "PORT=" in said
    assert f"http://127.0.0.1:{other[1]}/runs/flow-run/" in said


def test_approved_demo_leaves_nothing(approved):
    """When it has ended, nothing that it started is running."""
    assert approved.left() == []


def test_second_demo_is_refused(waiting, demo):
    """A second demo in a folder would take the hosts of the first away: it says so and ends."""
    second = demo()
    assert second.ends() != 0
    assert "an example runs here already" in second.said()
    assert "stop it first" in second.said()
    assert waiting.process.poll() is None


def test_ctrl_c_leaves_nothing(waiting):
    """Interrupted while it waits, it stops all that it started and gives every port back."""
    hosts = yaml.safe_load((waiting.checkout / ".demo" / "catalog" / "hosts.yaml").read_text())["hosts"]
    ports = [int(port) for port in re.findall(r"http://127\.0\.0\.1:(\d+)/runs/", waiting.said())]
    ports += [host["port"] for host in hosts.values()]
    assert len(ports) == 4
    assert waiting.left()
    waiting.ctrl_c()
    assert waiting.ends() != 0
    assert waiting.left() == []
    for port in ports:
        taken = listener(port)
        assert taken, f"port {port} is still taken"
        taken.close()


def test_broken_fails(broken):
    """A release that was undone is no success."""
    assert broken.process.returncode != 0, broken.said()


def test_broken_says_why(broken):
    """Whoever reads the terminal learns which check failed, where, and that it was put back."""
    said = broken.said()
    assert "check health failed: web-1 answered 503 instead of 200" in said, said
    assert "prices/eur.json is missing from this build" in said
    assert "web-1: put back, 2.4.0 is live again" in said
    assert re.search(r"undone: .*2\.4\.0 is live again on all 3 hosts", said), said


def test_broken_leaves_nothing(broken):
    """When it has ended, nothing that it started is running."""
    assert broken.left() == []


def test_unknown_version_is_refused(demo):
    """A version that the storefront does not have is answered with those that it has."""
    refused = demo("VERSION=9.9.9")
    assert refused.ends() != 0
    assert "expected one of 2.3.0, 2.4.0, 2.4.1, broken" in refused.said()


def test_named_port_that_is_taken_is_refused(demo):
    """A port that was asked for by name is not replaced in silence."""
    taken = listener(0)
    assert taken
    with taken:
        port = taken.getsockname()[1]
        refused = demo(f"PORT={port}")
        assert refused.ends() != 0
    assert f"PORT={port}: is no port that is free" in refused.said()
