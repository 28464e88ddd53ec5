"""The Dockerfile: nothing that hadolint objects to, a pinned base, no word of where things come from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in (ROOT / "docker").iterdir() if path.is_file())
TEXT = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
# A host is named in an address, as a registry before an image, or as what is known to serve packages.
ADDRESS = re.compile(r"https?://(?!\{|127\.0\.0\.1|entry:)|(?:[a-z0-9-]+\.)+(?:io|org|com|net)\b|index-url")


def test_hadolint():
    """What hadolint knows to go wrong is not there, warnings and hints included."""
    hadolint = Path(sys.executable).parent / "hadolint"
    command = (hadolint, "--failure-threshold", "style", ROOT / "docker" / "Dockerfile")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_base_is_pinned():
    """All stages stand on one image, of one Python and one Debian."""
    assert re.search(r"^ARG BASE=python:3\.11-slim-[a-z]+$", TEXT, re.MULTILINE)
    bases = re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)
    assert set(bases) == {"${BASE}", "runtime"}


def test_installs_only_what_the_lock_has():
    """Each installation from an index checks hashes and compiles nothing; the rest asks no index."""
    installs = re.findall(r"pip(?: --python \S+)? install (.*?)(?: &&|\n\n|\n[A-Z])", _joined(TEXT))
    assert len(installs) == 3
    for each in installs:
        assert "--no-deps" in each
        assert "--no-index" in each or "--require-hashes --only-binary :all:" in each


def _joined(text: str) -> str:
    return re.sub(r"\s*\\\n\s*", " ", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_names_no_address(path):
    """Where packages and images come from is the business of whoever builds."""
    assert not ADDRESS.findall(path.read_text("utf-8"))


def test_only_what_is_needed_gets_in():
    """The context of the build is a list of what may get in, which the secrets are not on."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    packages = {"sendoff", "flows", "tasks", "blocks", "deployments"}
    files = {"LICENSE", "README.md", "pyproject.toml", "requirements.lock", "docker/*.py", "docker/*.txt"}
    assert allowed == packages | files


@pytest.mark.parametrize(
    "name", ["accounts.sh", "entrypoint.py", "health.py", "postgres.sh", "redis.sh", "secrets.sh"]
)
def test_programs_may_be_run(name):
    """What the image or the compose file starts may be started."""
    assert (ROOT / "docker" / name).stat().st_mode & 0o111 == 0o111
