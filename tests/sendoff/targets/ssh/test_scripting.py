"""What the scripts do when they are told to end, run here without a host."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from sendoff.targets.ssh.scripting import call

SLOW = """#!/bin/sh
case "$*" in *tmp/1-abc) touch "{note}"; sleep 0.3 ;; esac
exec {rm} "$@"
"""


def eventually(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_told_to_end_while_it_tidies_up(tmp_path: Path) -> None:
    """A deploy whose channel closed tidies up; that its host ends it right then, is no reason to stop."""
    root, note, tools = tmp_path / "root", tmp_path / "tidies", tmp_path / "bin"
    tools.mkdir()
    (tools / "rm").write_text(SLOW.format(note=note, rm=shutil.which("rm")))
    (tools / "rm").chmod(0o755)
    deploy = subprocess.Popen(
        call("deploy", str(root), "1", "1-abc", "0" * 64),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
        start_new_session=True,
    )
    assert deploy.stdin
    assert deploy.stdout
    with deploy, deploy.stdin, deploy.stdout:
        assert deploy.stdout.readline() == "sendoff:ready\n"
        work = root / ".sendoff" / "tmp" / "1-abc"
        assert work.exists()
        deploy.stdin.close()
        eventually(note.exists)
        os.killpg(deploy.pid, signal.SIGTERM)
        assert deploy.wait(20) == 4
    assert not work.exists()


def test_told_to_end_while_a_command_comes_to_its_end(tmp_path: Path) -> None:
    """A command that was done is written down as done, or it would be done again."""
    (tmp_path / "releases" / "1-abc").mkdir(parents=True)
    note, go, ran = tmp_path / "begun", tmp_path / "go", tmp_path / ".sendoff" / "ran"
    patient = 'trap "" TERM; touch "$0"; until [ -e "$1" ]; do sleep 0.05; done'
    words = ("sh", "-c", patient, str(note), str(go))
    run = subprocess.Popen(
        call("run", str(tmp_path), "1-abc", "1", "r/after/1", "", *words),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    with run:
        eventually(note.exists)
        os.killpg(run.pid, signal.SIGTERM)
        go.touch()
        assert run.wait(20) == 0
    assert ran.read_text() == "r/after/1\n"


def test_number_that_cannot_be_written(tmp_path: Path) -> None:
    """A host on which the number cannot be kept is not changed, and nothing is left of it."""
    (tmp_path / "releases" / "1-abc").mkdir(parents=True)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "mv").write_text("#!/bin/sh\nexit 1\n")
    (tools / "mv").chmod(0o755)
    run = subprocess.run(
        call("run", str(tmp_path), "1-abc", "1", "r/after/1", "", "touch", str(tmp_path / "ran")),
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
    )
    assert run.returncode == 4
    assert f"cannot write in {tmp_path}/.sendoff" in run.stdout
    assert not (tmp_path / ".sendoff" / "fence.new").exists()
    assert not (tmp_path / "ran").exists()
