"""Fresh environments, and every Python of this machine that Sendoff runs on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
MINORS = (11, 12, 13)


def run(*words: str | Path, folder: Path = ROOT, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    """Run a command outside of this environment; what it said is in the failure."""
    hidden = ("PYTHON", "VIRTUAL_ENV", "UV_EXCLUDE_NEWER", "PREFECT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=timeout
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done


def _interpreters() -> dict[int, Path]:
    """Find one interpreter a minor version, each tried: a name on PATH may be a shim that leads nowhere."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep) if folder]
    folders += sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin"))
    found: dict[int, Path] = {}
    for minor in MINORS:
        for folder in folders:
            if minor not in found and _is_python(folder / f"python3.{minor}", minor):
                found[minor] = folder / f"python3.{minor}"
    return found


def _is_python(program: Path, minor: int) -> bool:
    question = "import sys, venv; print(sys.version_info[1])"
    try:
        said = subprocess.run(
            (program, "-c", question), capture_output=True, text=True, check=False, timeout=20
        )
    except OSError:
        return False
    return said.stdout.strip() == str(minor)


@pytest.fixture(scope="session")
def interpreters() -> dict[int, Path]:
    """The Pythons of this machine by minor version."""
    return _interpreters()


@pytest.fixture
def environment(tmp_path: Path) -> Callable[[Path], Path]:
    """Make an empty environment; gives its folder of programs."""

    def make(interpreter: Path) -> Path:
        folder = tmp_path / f"environment-{interpreter.name}"
        run(UV, "venv", "--quiet", "--python", interpreter, folder)
        return folder / "bin"

    return make


@pytest.fixture
def install() -> Callable[..., None]:
    """Install into an environment, with uv's own words for what goes wrong."""

    def into(programs: Path, *words: str | Path) -> None:
        run(UV, "pip", "install", "--quiet", "--python", programs / "python", *words)

    return into
