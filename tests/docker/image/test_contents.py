"""What is in the image, and what is not."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
TARGETS = pytest.mark.parametrize("target", ["server", "services", "worker"])
pytestmark = [pytest.mark.image, pytest.mark.timeout(1800), pytest.mark.xdist_group("image")]

VERSIONS = """
from importlib.metadata import distributions
print(*(f"{each.metadata['Name']}=={each.version}" for each in distributions()))
"""


@TARGETS
def test_starts_as_nobody_in_particular(target, settings, inside):
    """It runs as a fixed user without capabilities, through the entrypoint, and says whether it is well."""
    config = settings(target)
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["tini", "--", "entrypoint"]
    assert config["Healthcheck"]["Test"] == ["CMD", "entrypoint", "health", target]
    assert config["Cmd"][:2] == (
        ["sendoff", "server"] if target == "server" else ["prefect", config["Cmd"][1]]
    )
    assert inside(target, "id") == "uid=10001(sendoff) gid=10001(sendoff) groups=10001(sendoff)"
    assert "CapEff:\t0000000000000000" in inside(target, "cat", "/proc/self/status")


def test_command_line(inside):
    """Sendoff and Prefect are there, with what a release needs beside them."""
    assert "Release applications as durable, explainable runs." in inside("worker", "sendoff", "--help")
    assert inside("worker", "prefect", "--version") == version("prefect")
    for tool in ("git", "ssh", "tar"):
        assert inside("worker", "sh", "-c", f"command -v {tool}").endswith(f"/{tool}")


def test_exactly_what_the_lock_has(inside):
    """The packages are those of the list, in the versions of the lock, and Sendoff."""
    lines = (ROOT / "docker" / "packages.txt").read_text("utf-8").splitlines()
    found = map(Requirement, inside("server", "python", "-c", VERSIONS).split())
    installed = {canonicalize_name(each.name): str(each.specifier) for each in found}
    assert installed.pop("sendoff") == f"=={version('sendoff')}"
    listed = {canonicalize_name(each.name): str(each.specifier) for each in map(Requirement, lines)}
    assert installed.items() <= listed.items()
    assert listed.keys() - installed.keys() <= {"pywin32", "whenever", "async-timeout"}


def test_nothing_to_build_with(inside):
    """No compiler, no package installer in the environment, no cache, no sources, no secret of the build."""
    for tool in ("cc", "gcc", "c++", "make"):
        assert inside("server", "sh", "-c", f"command -v {tool} || echo none") == "none"
    assert "No module named pip" in inside("server", "sh", "-c", "python -m pip 2>&1 || :")
    left = "/build /root/.cache /var/lib/sendoff/.cache /etc/pip.conf /etc/pip.pem /var/lib/apt/lists/*"
    assert inside("server", "sh", "-c", f"ls -d {left} 2>/dev/null || :") == ""


def test_owns_only_its_folders(inside):
    """What runs could change nothing of itself, even if the root were not read-only."""
    looked = "find / -xdev -writable '(' -type f -o -type d ')' -not -path '/proc/*' 2>/dev/null || :"
    found = set(inside("worker", "sh", "-c", looked).split())
    assert found <= {"/tmp", "/var/tmp", "/run/lock", "/var/lib/sendoff", "/srv/sendoff", "/dev/shm"}
    assert {"/tmp", "/var/lib/sendoff", "/srv/sendoff"} <= found


def test_the_folder_of_the_sign_in(inside):
    """Only a server has it, for itself alone: a new volume takes that over."""
    assert inside("server", "stat", "--format", "%u:%g %a", "/srv/sign-in") == "10001:10001 700"
    assert inside("worker", "sh", "-c", "ls -d /srv/sign-in 2>/dev/null || echo none") == "none"
