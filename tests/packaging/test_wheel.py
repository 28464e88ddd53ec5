"""What is in the wheel, and what must never be."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"sendoff", "flows", "tasks", "blocks", "deployments"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder), cwd=ROOT, check=True
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_packages(names):
    """The five packages and nothing beside them."""
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_every_source_file_is_in_it(names):
    """Programs, migrations and shell scripts: all that lies in the packages is shipped."""
    files = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files == {name for name in names if name.partition("/")[0] in PACKAGES}


def test_shell_scripts_and_migrations_are_in_it(names):
    """What runs on the hosts and what makes the ledger's tables is there at all."""
    assert any(name.startswith("sendoff/targets/") and name.endswith(".sh") for name in names)
    assert any(name.startswith("sendoff/ledger/migrations/") for name in names)


def test_licence_is_in_it(names):
    """The licence goes along."""
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_docker_is_no_package():
    """A package named docker would shadow the Docker SDK, which Prefect imports."""
    assert not (ROOT / "docker" / "__init__.py").exists()
