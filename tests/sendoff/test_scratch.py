"""Folders for a while: alone as long as the process lives, removed by others when it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sendoff.scratch import Scratch, sweep

DIES = """\
import os, signal, subprocess, sys, pathlib
from sendoff.scratch import Scratch
scratch = Scratch(pathlib.Path(sys.argv[1]), "build-")
build = subprocess.Popen(["sleep", "600"], cwd=scratch.path, start_new_session=True)
(pathlib.Path(sys.argv[1]) / "pid").write_text(str(build.pid))
(scratch.path / "locked").mkdir(mode=0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_left_by_a_killed_process(tmp_path: Path) -> None:
    """Its folder is removed by the next one, and what it had started there is ended."""
    died = subprocess.run((sys.executable, "-c", DIES, str(tmp_path)), check=False)
    assert died.returncode == -signal.SIGKILL
    pid = int((tmp_path / "pid").read_text())
    assert is_alive(pid)
    assert len(list(tmp_path.glob("build-*"))) == 1
    scratch = Scratch(tmp_path, "build-")
    assert list(tmp_path.glob("build-*")) == [scratch.path]
    deadline = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    scratch.remove()
    assert list(tmp_path.glob("build-*")) == []


def test_of_a_living_process(tmp_path: Path) -> None:
    """What somebody works in stays, and so does what has another name."""
    other = tmp_path / "other"
    other.mkdir()
    scratch = Scratch(tmp_path, "build-")
    sweep(tmp_path, "build-")
    sweep(tmp_path / "nowhere", "build-")
    assert scratch.path.is_dir()
    assert other.is_dir()
    scratch.remove()


def test_removed_twice(tmp_path: Path) -> None:
    """It is gone the first time, and nothing goes wrong the second."""
    scratch = Scratch(tmp_path, "build-")
    scratch.remove()
    assert not scratch.path.exists()
    number = os.open(tmp_path, os.O_RDONLY)  # it would be given the number of the lock that was closed
    scratch.remove()
    os.fstat(number)
    os.close(number)
