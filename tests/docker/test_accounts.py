"""The script that makes the accounts: each once, whole or not at all, and none is shown."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sendoff.server.users import UsersFile, fits

STANDS_FOR_DOCKER = """\
#!/bin/sh
# Runs what would be run in the container of a server.
test "$1 $2 $3 $4 $5 $6" = "compose run --rm -T --no-deps server-1" || exit 64
shift 6
exec "$@"
"""


@pytest.fixture
def accounts(docker, tmp_path) -> Any:
    """Run it with something that stands for Docker, and this Sendoff in the place of the server's."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text(STANDS_FOR_DOCKER)
    (programs / "docker").chmod(0o755)
    for name in ("accounts.sh", "secrets.sh"):
        shutil.copy(docker / name, tmp_path)
    subprocess.run(("sh", tmp_path / "secrets.sh"), check=True, stdout=subprocess.DEVNULL)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        path = f"{programs}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "PATH": path, "SENDOFF_SERVER_FOLDER": str(tmp_path / "sign-in")}
        command = ("sh", tmp_path / "accounts.sh", *words)
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    return run


def test_makes_what_is_not_there(accounts, tmp_path):
    """An administrator and two workers, each with the password in its file; the key; and nothing twice."""
    made = accounts("ada")
    assert made.returncode == 0, made.stderr
    names = ("operator", "worker-1", "worker-2", "stamps.pub")
    assert made.stdout.splitlines() == [f"filled docker/secrets/{name}" for name in names]
    files = {name: (tmp_path / "secrets" / name).read_text() for name in names}
    users = UsersFile(tmp_path / "sign-in" / "users.yaml")
    for name, whom, role in (
        ("operator", "ada", "admin"),
        ("worker-1", "worker-1", "worker"),
        ("worker-2", "worker-2", "worker"),
    ):
        who, _, password = files[name].strip().partition(":")
        user = users.find(who)
        assert user is not None
        assert (who, user.roles, fits(password, user.password)) == (whom, (role,), True)
        assert password not in made.stdout + made.stderr
    assert files["stamps.pub"] == (tmp_path / "sign-in" / "stamps.pub").read_text()
    assert {stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) for name in names} == {0o444}
    again = accounts("ada")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert files == {name: (tmp_path / "secrets" / name).read_text() for name in names}


def test_what_fails_leaves_nothing(accounts, tmp_path):
    """A name that cannot be: it says so, and fills no file with half of anything."""
    done = accounts("Ada B")
    assert done.returncode == 1
    assert "is no name" in done.stderr
    assert done.stderr.endswith(
        "docker/secrets/operator: was not filled, expected it; mend what is said above\n"
    )
    assert (tmp_path / "secrets" / "operator").read_text() == ""
    assert not [*(tmp_path / "secrets").glob("*.new")]


@pytest.mark.parametrize("words", [(), ("ada", "bob")])
def test_somebody_administers(accounts, words):
    """It asks for one name."""
    done = accounts(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("accounts: expected the name of who administers this")
