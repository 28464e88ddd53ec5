"""The set-up for the tests: quiet when all is there, exact when something is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parents[1] / "setup.sh"
NEEDED = ("git", "sshd", "ssh", "chromium", "rsync", "initdb", "redis-server", "haproxy", "prometheus")


@pytest.fixture
def run(tmp_path):
    """Run it seeing only the programs named; each is a script that does what is said."""

    def with_programs(
        *present: str, named: tuple[str, ...] = (), **scripts: str
    ) -> subprocess.CompletedProcess[str]:
        for name, body in {**dict.fromkeys(present, ""), **scripts}.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name).chmod(0o755)
        script = re.sub(r"\n +PATH=\$PATH:.*", "", SETUP.read_text())
        for tool in ("mktemp", "rm", "tail", "chmod", "touch"):
            (tmp_path / tool).symlink_to(shutil.which(tool) or tool)
        environment = {"PATH": str(tmp_path)}
        return subprocess.run(
            ("/bin/sh", "-c", script, SETUP.name, *named),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return with_programs


def without(*missing: str) -> list[str]:
    return [name for name in NEEDED if name not in missing]


def test_quiet_when_all_is_there(run):
    """Nothing is said or done when nothing is missing."""
    done = run(*NEEDED, id="echo 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_says_exactly_what_is_missing(run):
    """Without root it installs nothing, and names the packages and the command."""
    done = run(*without("sshd", "chromium"), id="echo 1000", **{"apt-get": "echo called >&2"})
    assert done.returncode == 1
    assert "not installed: openssh-server chromium;" in done.stderr
    assert "apt-get install -y --no-install-recommends openssh-server chromium" in done.stderr
    assert "called" not in done.stderr


def test_other_tests_name_theirs(run):
    """Only what is named is looked for."""
    done = run("git", named=("git=git", "buildah=containers"), id="echo 1000")
    assert done.returncode == 1
    assert "not installed: containers;" in done.stderr


def test_installs_as_root(run, tmp_path):
    """As root it installs what is missing and then is content."""
    apt = f'case "$*" in *rsync*) touch {tmp_path}/rsync; chmod 755 {tmp_path}/rsync;; esac'
    done = run(*without("rsync"), id="echo 0", **{"apt-get": apt})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "Installing for the tests: rsync"


def test_shows_why_an_installation_failed(run):
    """When apt fails, its last words and the packages are shown."""
    done = run(*without("rsync"), id="echo 0", **{"apt-get": "echo no network; exit 100"})
    assert done.returncode == 1
    assert "no network" in done.stderr
    assert "not installed: rsync" in done.stderr
