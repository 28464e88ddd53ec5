"""`make up-production-like` as an operator runs it: what it says, what it mends, and that nothing stays."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.register import ENVIRON
from examples.ports import free_port
from examples.processes import Processes
from examples.production.place import Place
from examples.production.programs import find
from examples.production.settings import of_clients
from examples.production.watch import keep_alive
from sendoff.errors import PolicyRefused, StepErrored

Made = Any  # the class stands in conftest.py, which tests do not import
PREFECTS = ("api-1", "api-2", "services", "worker-1", "worker-2")
PARTS = ("postgresql", "redis", "seaweedfs", "hosts", "haproxy", *PREFECTS)
LISTENS, LOOPBACK = "0A", "0100007F"  # as /proc/net/tcp has it

whole = [
    pytest.mark.prefect,
    pytest.mark.s3,
    pytest.mark.postgresql,
    pytest.mark.xdist_group("production"),
    pytest.mark.timeout(2400),
]


def whole_only(test: Any) -> Any:
    """Mark what needs all parts."""
    for mark in whole:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def up(make: Callable[..., Made]) -> Made:
    """All parts, started by `make`."""
    running = make("up-production-like", f"PORT={free_port()}")
    running.waits_for("Ctrl-C stops everything.")
    return running


def pid_of(up: Made, name: str) -> int:
    return int((up.checkout / ".production" / "pids" / name).read_text())


def listened_on(up: Made) -> dict[int, str]:
    """Read from /proc the ports on which what was started listens, with the addresses."""
    pids = [line.partition(" ")[0] for line in up.left()]
    found, mine = {}, set()
    for fd in (fd for pid in pids for fd in Path("/proc", pid, "fd").glob("*")):
        with suppress(OSError):  # it may be closed meanwhile
            mine.add(os.readlink(fd))
    for table in ("tcp", "tcp6"):
        for row in Path("/proc/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *rest = row.split()
            if state == LISTENS and f"socket:[{rest[5]}]" in mine:
                address, _, port = local.partition(":")
                found[int(port, 16)] = address
    return found


@whole_only
def test_says_where_it_is(up: Made) -> None:
    """It names every part, and the address of the UI, which is there."""
    said = up.said()
    for part in PARTS:
        assert re.search(rf"^ +{part} +{pid_of(up, part)}$", said, re.MULTILINE), part
    (ui,) = re.findall(r"^The Prefect UI, through HAProxy: (\S+)$", said, re.MULTILINE)
    assert "Prefect" in httpx.get(ui, follow_redirects=True, timeout=30).text


@whole_only
def test_says_who_may_sign_in(up: Made) -> None:
    """It names a file for each, which nobody else may read and with which they get in; none is shown."""
    (ui,) = re.findall(r"through HAProxy: (\S+)", up.said())
    assert httpx.get(f"{ui}/api/sendoff/me", timeout=30).status_code == 401
    files = dict(re.findall(r"^ +(\S*/accounts/\S+)  \((.*)\)$", up.said(), re.MULTILINE))
    assert [Path(file).name for file in files] == ["operator", "alex"]
    for file in (*files, ".production/accounts/worker-1"):
        path = up.checkout / file
        name, _, password = path.read_text().strip().partition(":")
        me = httpx.get(f"{ui}/api/sendoff/me", auth=(name, password), timeout=30).json()
        assert (me["name"], path.stat().st_mode & 0o777) == (path.name, 0o600)
        assert password not in up.said()
    variables = up.checkout / ".production" / "environ.sh"
    assert variables.stat().st_mode & 0o777 == 0o600
    assert "PREFECT_API_AUTH_STRING=operator:" in variables.read_text()


@whole_only
def test_listens_on_loopback_only(up: Made) -> None:
    """Nobody on the network reaches any part."""
    found = listened_on(up)
    assert len(found) > 10
    assert set(found.values()) == {LOOPBACK}


@whole_only
def test_what_it_says_to_try(up: Made) -> None:
    """The commands that it prints for another terminal start a release, and show it."""
    printed = "\n".join(line[4:] for line in up.said().splitlines() if line.startswith("    "))
    commands = printed[printed.index(". .production/environ.sh") : printed.index("kill -9")]
    command = ("sh", "-ec", commands)
    done = subprocess.run(command, cwd=up.checkout, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "/runs/flow-run/" in done.stdout


@whole_only
def test_starts_again_what_was_killed(up: Made) -> None:
    """A part that was killed is told of, and is there again."""
    before = pid_of(up, "haproxy")
    os.kill(before, signal.SIGKILL)
    up.waits_for("haproxy ended with -9; starting it again.")
    up.waits_until(lambda: pid_of(up, "haproxy") != before)
    (ui,) = re.findall(r"through HAProxy: (\S+)", up.said())
    up.waits_until(lambda: is_healthy(ui))


def is_healthy(ui: str) -> bool:
    try:
        return httpx.get(f"{ui}/api/health", timeout=10).is_success
    except httpx.TransportError:
        return False


@whole_only
def test_second_one_is_refused(up: Made, make: Callable[..., Made]) -> None:
    """Another one in the same folder would take the parts of the first away: it says so and ends."""
    second = make("up-production-like")
    assert second.ends() != 0
    assert "an example runs here already, expected none; stop it first" in second.said()


@whole_only
def test_ctrl_c_leaves_nothing(up: Made) -> None:
    """Interrupted, it ends all that it started, gives every port back, and removes PostgreSQL's folder."""
    ports = listened_on(up)
    database = Path(f"/proc/{pid_of(up, 'postgresql')}/cwd").resolve()
    assert database.is_dir()
    up.ctrl_c()
    up.ends()
    assert up.left() == []
    assert {port: free_port(port) for port in ports} == {port: port for port in ports}
    assert not database.parent.exists()


def test_workers_take_nothing_from_runs(tmp_path: Path) -> None:
    """What is set for a worker counts for its runs before what they are registered with."""
    with Place(tmp_path / "place") as place:
        set_for_workers = of_clients(place, "worker-1")
    assert {**ENVIRON, **set_for_workers}.items() >= ENVIRON.items()


def test_missing_program() -> None:
    """It says which Debian package has it, and how to install it."""
    with pytest.raises(
        PolicyRefused, match=r"^no-such-thing: is not installed here, expected it from .* a-b"
    ):
        find("no-such-thing", "a-b")


def test_gives_up_on_what_does_not_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A part that ends again and again is no reason to go on for ever; its last words are shown."""
    processes = Processes(tmp_path, os.environ)

    def start(name: str) -> None:
        processes.start(name, ("sh", "-c", "echo the disk is full; exit 3"))

    start("redis")
    with pytest.raises(StepErrored, match=r"redis: ended with 3, .*\nthe disk is full"):
        keep_alive(processes, start)
    assert capsys.readouterr().out == "redis ended with 3; starting it again.\n" * 2
