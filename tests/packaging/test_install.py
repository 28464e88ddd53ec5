"""Sendoff in fresh environments: without the lock, and with it on the oldest and the newest Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from examples.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("ssh", "prefect", "s3", "aws", "browser", "postgresql", "prometheus", "packaging")
"""Marks of tests that need more than a Python."""

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packaging"), pytest.mark.timeout(2400)]


def is_healthy(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/api/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def starts(programs: Path, folder: Path) -> bool:
    """Start a Prefect server and wait until it is healthy; it is always stopped."""
    port = free_port()
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    command = (programs / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while server.poll() is None and time.monotonic() < deadline:
            if is_healthy(port):
                return True
            time.sleep(0.2)
        return False
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


def said(programs: Path, folder: Path, *words: str) -> str:
    """Run the command line as a user does who has no checkout."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = (programs / "sendoff", *words)
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def newest(interpreters):
    return interpreters[max(interpreters)]


def test_installs_without_the_lock(newest, environment, install, tmp_path):
    """The bounds alone give a Prefect server that starts, and commands that work outside of the checkout."""
    programs = environment(newest)
    install(programs, ROOT)
    assert starts(programs, tmp_path), (tmp_path / "server.log").read_text()[-4000:]
    assert "validate" in said(programs, tmp_path, "--help")
    assert "environments" in json.loads(said(programs, tmp_path, "schema"))["properties"]


@pytest.mark.parametrize("which", [min, max], ids=["oldest", "newest"])
def test_lock_installs(which, interpreters, environment, install):
    """The one lock installs, hashes checked, on the oldest and the newest Python."""
    if which is max and len(interpreters) == 1:
        pytest.skip("this machine has only one Python that Sendoff runs on")
    programs = environment(interpreters[which(interpreters)])
    install(programs, "--require-hashes", "-r", ROOT / "requirements.lock")
    subprocess.run((programs / "python", "-c", "import prefect, paramiko, asyncssh, alembic"), check=True)


def test_unit_tests_pass_on_the_newest(interpreters, newest, environment, install, tmp_path):
    """What the oldest passes all the time, the newest passes as well."""
    if len(interpreters) == 1:
        pytest.skip("this machine has only one Python that Sendoff runs on")
    programs = environment(newest)
    install(programs, "--require-hashes", "-r", ROOT / "requirements.lock")
    install(programs, "--no-deps", ROOT)
    for name in ("tests", "examples", "docs"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name)
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, tmp_path / "checkout")
    only = (
        "-m",
        f"not ({' or '.join(SERVERS)})",
        "--deselect=tests/sendoff/timing/test_oracle.py",  # ten thousand worlds, the same ones on any Python
        "-n",
        "2",
    )
    done = subprocess.run(
        (programs / "python", "-m", "pytest", "-q", "-x", *only, "tests/sendoff"),
        cwd=tmp_path / "checkout",
        env={"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
