"""`sendoff users`: who may sign in, managed without a password in any argument."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from sendoff.cli import main
from sendoff.server import users as module
from sendoff.server.users import UsersFile, fits

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HASHER", PasswordHasher(1, 64, 1))


def run(home: Path, *words: str, typed: str = f"{PASSWORD}\n") -> Result:
    return CliRunner().invoke(main, ["users", *words], input=typed, env={"SENDOFF_HOME": str(home)})


def known(home: Path) -> UsersFile:
    return UsersFile(home / "server" / "users.yaml")


def test_a_life_of_a_user(tmp_path: Path) -> None:
    """Added, listed, changed, removed."""
    assert run(tmp_path, "add", "ada", "--role", "releaser", "--group", "ops").exit_code == 0
    ada = known(tmp_path).find("ada")
    assert ada is not None
    assert fits(PASSWORD, ada.password)
    assert run(tmp_path, "list").output == "ada: roles releaser; groups ops\n"
    assert (
        run(tmp_path, "roles", "ada", "viewer", "approver").output
        == "ada: roles viewer, approver; groups ops\n"
    )
    assert run(tmp_path, "groups", "ada").output == "ada: roles viewer, approver\n"
    assert run(tmp_path, "password", "ada", typed="another long password\n").exit_code == 0
    changed = known(tmp_path).find("ada")
    assert changed is not None
    assert fits("another long password", changed.password)
    assert run(tmp_path, "remove", "ada").output == "ada: removed\n"
    assert known(tmp_path).all() == {}


def test_a_service_account(tmp_path: Path) -> None:
    """Its password is made, shown once and alone on standard output, and works."""
    done = run(tmp_path, "add", "worker-1", "--role", "worker", "--generate", typed="")
    name, _, password = done.stdout.strip().partition(":")
    worker = known(tmp_path).find("worker-1")
    assert worker is not None
    assert (name, fits(password, worker.password)) == ("worker-1", True)


def test_the_public_key(tmp_path: Path) -> None:
    """It is printed, before any server has started as well, and the private one is not."""
    first = run(tmp_path, "key").stdout
    assert first.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert run(tmp_path, "key").stdout == first == (tmp_path / "server" / "stamps.pub").read_text()
    assert (tmp_path / "server" / "stamps.key").stat().st_mode & 0o777 == 0o600


def test_somebody_of_a_proxy(tmp_path: Path) -> None:
    """Without a password nobody signs in with one."""
    run(tmp_path, "add", "ada", "--group", "ops", "--no-password", typed="")
    assert run(tmp_path, "list").output == "ada: groups ops, signed in by a proxy only\n"


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("add", "ada", "--role", "viewer"), "short\n", "has 5 characters"),
        (("add", "ada", "--role", "viewer"), "", "has 0 characters"),
        (("add", "Ada B", "--role", "viewer"), PASSWORD, "is no name"),
        (("add", "ada"), PASSWORD, "at least one --role or --group"),
        (("add", "ada", "--role", "king"), PASSWORD, "'king' is not one of"),
        (("add", "ada", "--group", "Ops Team"), PASSWORD, "ada"),
        (("add", "w", "--role", "worker", "--group", "ops"), PASSWORD, "a worker has no other role"),
        (("add", "bob", "--role", "viewer"), PASSWORD, "is there already"),
        (("remove", "eve"), "", "is not known"),
        (("roles", "eve", "viewer"), "", "is not known"),
        (("password", "eve"), PASSWORD, "is not known"),
        (("groups", "bob", "UPPER"), "", "bob"),
    ],
)
def test_what_is_wrong_changes_nothing(tmp_path: Path, words: tuple[str, ...], typed: str, said: str) -> None:
    """It says what, without a traceback."""
    run(tmp_path, "add", "bob", "--role", "viewer")
    before = known(tmp_path).path.read_bytes()
    done = run(tmp_path, *words, typed=typed)
    assert done.exit_code in (1, 2)
    assert said in done.output
    assert "Traceback" not in done.output
    assert known(tmp_path).path.read_bytes() == before


def test_a_server_without_users(tmp_path: Path) -> None:
    """It would let nobody in, and says how to begin."""
    done = CliRunner().invoke(main, ["server"], env={"SENDOFF_HOME": str(tmp_path)})
    assert done.exit_code == 1
    assert "sendoff users add NAME --role admin" in done.output


def test_tls_needs_both(tmp_path: Path) -> None:
    """A certificate without its key is a mistake."""
    (tmp_path / "cert").touch()
    words = ["server", "--certificate", str(tmp_path / "cert")]
    done = CliRunner().invoke(main, words, env={"SENDOFF_HOME": str(tmp_path)})
    assert done.exit_code == 2
    assert "belong together" in done.output
