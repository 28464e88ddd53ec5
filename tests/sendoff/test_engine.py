"""What a worker starts for each run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sendoff.engine import ENGINE

ASKED = shlex.split(ENGINE.replace("-m deployments.process", '-c "import sys; print(sys.executable)"'))


def ran(environ: dict[str, str]) -> str:
    """Start it from this process, as a worker does, and tell which Python it ran."""
    return subprocess.run(ASKED, env=environ, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def strangers(tmp_path: Path) -> dict[str, str]:
    """An environment in which `python` is something else."""
    (tmp_path / "python").write_text("#!/bin/sh\necho the wrong one\n")
    (tmp_path / "python").chmod(0o755)
    return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PATH or SENDOFF_PYTHON has to say it")
def test_it_is_the_python_of_the_worker(strangers: dict[str, str]) -> None:
    """Whatever PATH says."""
    assert ran(strangers) == sys.executable


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere PATH or SENDOFF_PYTHON has to say it")
def test_a_worker_that_was_started_by_a_relative_path(strangers: dict[str, str]) -> None:
    """It is relative to where the worker is, not to where its run is."""
    folder = Path(sys.executable).parent
    asked = (
        f"import subprocess; print(subprocess.run({ASKED!r}, cwd='/', capture_output=True, text=True).stdout)"
    )
    words = ["./" + Path(sys.executable).name, "-c", asked]
    said = subprocess.run(words, cwd=folder, env=strangers, check=True, capture_output=True, text=True).stdout
    assert Path(said.strip()).parent.samefile(folder)


def test_another_may_be_named(strangers: dict[str, str]) -> None:
    """The operator knows best."""
    named = strangers["PATH"].partition(":")[0] + "/python"
    assert ran({**strangers, "SENDOFF_PYTHON": named}) == "the wrong one"


def test_it_replaces_its_shell() -> None:
    """A worker ends the process that it started: there is no shell between them."""
    pid = ENGINE.replace("-m deployments.process", '-c "import os; print(os.getpid())"')
    with subprocess.Popen(shlex.split(pid), stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate()
    assert int(said) == process.pid


def test_prefect_fills_nothing_in() -> None:
    """What looks like one of its placeholders would be replaced."""
    assert "{{" not in ENGINE
