"""Processes of an example: watched, ended, killed with what they started, told of when they fail."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.processes import Processes
from sendoff.errors import StepErrored

PARENT = """\
import subprocess, sys
child = subprocess.Popen(("sleep", "600"), start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    running = Processes(tmp_path / "logs", os.environ)
    yield running
    running.end(*running.running)


def said(processes: Processes, name: str) -> str:
    log = processes.logs / f"{name}.log"
    processes.wait_for("its first line", lambda: log.read_text().endswith("\n"), deadline=30)
    return log.read_text()


def is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_killed_with_all_that_descends_from_it(processes: Processes) -> None:
    """Also what has a session of its own dies with it, and it does not count as dead by itself."""
    processes.start("parent", (sys.executable, "-c", PARENT))
    child = int(said(processes, "parent"))
    assert is_there(child)
    processes.kill("parent")
    deadline = time.monotonic() + 10
    while is_there(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert processes.ended() == []


def test_ended_by_the_signal_that_ends_it(processes: Processes) -> None:
    """Each is told in its own way, and started again under its name it adds to its log."""
    script = "trap 'echo told; exit 0' INT; echo up; while :; do sleep 0.05; done"
    for times in (1, 2):
        processes.start("server", ("sh", "-c", script), told_by=signal.SIGINT)
        log = processes.logs / "server.log"
        processes.wait_for("it is up", lambda n=times, log=log: log.read_text().count("up") == n, deadline=30)
        processes.end("server")
        assert log.read_text() == "up\ntold\n" * times


def test_tells_of_one_that_ended(processes: Processes) -> None:
    """Waiting for anything ends when one has ended that should not have; its last lines are shown."""
    processes.start("server", ("sh", "-c", "echo the port is taken; exit 3"))
    with pytest.raises(StepErrored, match=r"^server: ended with 3, expected it to stay.*\nthe port is taken"):
        processes.wait_for("the server", lambda: False, deadline=30)
    assert processes.ended() == ["server"]


def test_waits_no_longer_than_it_should(processes: Processes) -> None:
    """At the deadline it says what is not there, and where to look."""
    with pytest.raises(StepErrored, match=r"^the server: not there after 0 s, expected it; see the logs in "):
        processes.wait_for("the server", lambda: False, deadline=0.1)


def test_runs_what_has_to_be_done_once(processes: Processes) -> None:
    """A command is waited for; one that fails is told of with its last lines. Variables are its own."""
    processes.run("right", ("sh", "-c", 'echo "$WHAT"'), {"WHAT": "made"})
    assert (processes.logs / "right.log").read_text() == "made\n"
    with pytest.raises(StepErrored, match=r"^wrong: exited with 4, expected 0; its last lines:\nno such"):
        processes.run("wrong", ("sh", "-c", "echo no such thing; exit 4"), {})
