"""The import rules bite: a forbidden import anywhere is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sendoff", "flows", "tasks", "blocks", "deployments")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    command = (Path(sys.executable).parent / "lint-imports", "--no-cache")
    return subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)


def test_the_source_keeps_them(source):
    """As it is, every rule is kept."""
    kept = lint(source)
    assert kept.returncode == 0, kept.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("sendoff/plan/__init__.py", "import subprocess", "sendoff.plan is not allowed to import subprocess"),
        (
            "sendoff/plan/__init__.py",
            "import sendoff.catalog",
            "sendoff.plan is not allowed to import sendoff.catalog",
        ),
        (
            "sendoff/spec/__init__.py",
            "from time import monotonic",
            "sendoff.spec is not allowed to import time",
        ),
        ("sendoff/errors.py", "import sqlalchemy", "sendoff.errors is not allowed to import sqlalchemy"),
        ("sendoff/store.py", "import prefect", "sendoff is not allowed to import prefect"),
        ("sendoff/store.py", "import flows", "sendoff is not allowed to import flows"),
        ("sendoff/store.py", "import click", "sendoff is not allowed to import click"),
        ("blocks/__init__.py", "import tasks", "blocks is not allowed to import tasks"),
        ("tasks/__init__.py", "import flows", "tasks is not allowed to import flows"),
        ("flows/__init__.py", "import deployments", "flows is not allowed to import deployments"),
    ],
)
def test_a_forbidden_import_is_found(file, line, broken, source):
    """Adding it anywhere breaks a rule, which names both ends."""
    with (source / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    found = lint(source)
    assert found.returncode == 1
    assert broken in found.stdout
