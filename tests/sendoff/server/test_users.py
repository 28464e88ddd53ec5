"""The file of the users: for its owner alone, and never half written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sendoff.errors import BadInput, PolicyRefused
from sendoff.server.users import User, UsersFile, fits, generated, hashed, named


def test_a_password_is_kept_as_a_hash(file: UsersFile) -> None:
    """The file has argon2id hashes, each of its own, and nobody else may read it."""
    one, other = hashed("correct horse battery"), hashed("correct horse battery")
    assert one != other
    assert one.startswith("$argon2id$")
    assert (fits("correct horse battery", one), fits("correct horse batterz", one)) == (True, False)
    assert "horse" not in file.path.read_text()
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_nobody_has_an_empty_password() -> None:
    """Without a hash no password fits, also none."""
    assert not fits("", "")
    assert not fits("anything at all", "")
    assert not fits("anything at all", "no hash")


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_passwords_have_a_length(password: str) -> None:
    """Too short ones are refused."""
    with pytest.raises(PolicyRefused, match="12 to 200"):
        hashed(password)
    assert hashed(generated())


@pytest.mark.parametrize("name", ["", "Rob", "a:b", "a b", "-a", "x" * 65, "é"])
def test_names_are_plain(name: str) -> None:
    """One spelling for one person, and no colon."""
    with pytest.raises(PolicyRefused, match="is no name"):
        named(name)


def test_a_change_counts_at_once(file: UsersFile) -> None:
    """Another process changes the file; whoever looks next knows."""
    assert file.find("rob") is not None
    UsersFile(file.path).change(lambda users: users.update({"rob": User(roles=("viewer",))}))
    assert file.find("rob") == User(roles=("viewer",))


def test_changes_at_once_are_all_kept(file: UsersFile) -> None:
    """Two who add somebody at the same time lose nobody."""

    def add(number: int) -> None:
        UsersFile(file.path).change(lambda users: users.update({f"new-{number}": User(groups=("ops",))}))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"new-{number}" for number in range(8)} <= file.all().keys()


def test_a_file_that_others_may_read_is_refused(file: UsersFile) -> None:
    """Hashes are guessed where they can be read."""
    file.path.chmod(0o640)
    with pytest.raises(BadInput, match="may be read by others"):
        file.all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("users: [", "cannot be read"),
        ("people: {}", "users: is missing"),
        ("users: {rob: {roles: [king]}}", "users.rob.roles.0"),
        ("users: {rob: {colour: red}}", "users.rob.colour"),
        ("users: {Rob: {roles: [viewer]}}", "users.Rob: is no name"),
        ("users: {w: {roles: [worker, admin]}}", "a worker has no other role"),
        ("users: {rob: {groups: ['Ops Team']}}", "users.rob.groups.0"),
        ("users: {rob: 7}", "users.rob"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    """Where, and what; nothing of a hash."""
    path = tmp_path / "users.yaml"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(BadInput) as wrong:
        UsersFile(path).all()
    assert said in str(wrong.value)


def test_nobody_without_a_file(tmp_path: Path) -> None:
    """A server that has no users lets nobody in."""
    assert UsersFile(tmp_path / "users.yaml").all() == {}
