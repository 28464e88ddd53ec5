"""Who comes in: by password, or by what a trusted proxy says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from sendoff.errors import BadInput
from sendoff.server import door as module
from sendoff.server.audit import Audit
from sendoff.server.door import Door
from sendoff.server.proxies import Proxies
from sendoff.server.refusals import NotLetIn
from sendoff.server.settings import ServerSettings
from sendoff.server.users import User, UsersFile

RIGHT = "rob:correct horse battery"
SECRET = "a secret of a proxy"
PROXIES = Proxies((ip_network("10.0.0.0/24"),), SECRET)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(file: UsersFile, clock: Clock) -> Door:
    return Door(file, PROXIES, Audit(file.path.with_name("audit.jsonl")), clock)


def scope(peer: str = "192.0.2.7", **headers: str) -> Any:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (peer, 1), "headers": named}


def enter(door: Door, credentials: str, peer: str = "192.0.2.7") -> Any:
    return asyncio.run(door.by_credentials(scope(peer), credentials))


def refused(door: Door, credentials: str, peer: str = "192.0.2.7") -> NotLetIn:
    with pytest.raises(NotLetIn) as found:
        enter(door, credentials, peer)
    return found.value


@pytest.mark.parametrize(
    "credentials",
    ["", "rob", "rob:", "rob:wrong", "nobody:correct horse battery", ":", f"rob:{'x' * 10_000}"],
)
def test_the_wrong_are_refused(door: Door, credentials: str) -> None:
    """They learn nothing of whether there is somebody of that name."""
    assert refused(door, credentials).status == 401


def test_wrong_passwords_wait(door: Door, clock: Clock) -> None:
    """After some, also the right one has to wait; then it is let in."""
    for _ in range(5):
        assert refused(door, "rob:wrong password").status == 401
    late = refused(door, RIGHT)
    assert (late.status, late.after) == (429, 1)
    clock.now += 1
    assert enter(door, RIGHT).name == "rob"


def test_who_was_right_is_not_slowed_down(door: Door) -> None:
    """Whoever guesses at somebody's password does not lock them out where they are signed in."""
    enter(door, RIGHT)
    for _ in range(5):
        refused(door, "rob:wrong password")
    assert refused(door, "rob:wrong password").status == 429
    assert enter(door, RIGHT).name == "rob"


def test_many_at_once_are_no_way_around(door: Door) -> None:
    """A try counts before it is looked at."""

    async def guess() -> list[Any]:
        tries = (door.by_credentials(scope(), f"rob:guess {number}") for number in range(50))
        return await asyncio.gather(*tries, return_exceptions=True)

    statuses = [each.status for each in asyncio.run(guess())]
    assert (statuses.count(401), statuses.count(429)) == (5, 45)


def test_what_was_right_is_kept(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is hashed once, as that takes long on purpose; another password is hashed."""
    enter(door, RIGHT)
    monkeypatch.setattr(module, "fits", lambda *_: pytest.fail("hashed again"))
    began = time.monotonic()
    for _ in range(100):
        enter(door, RIGHT)
    assert time.monotonic() - began < 5


def test_another_password_counts_at_once(door: Door, file: UsersFile) -> None:
    """Also what was kept is out; and so is somebody who was removed."""
    caller = enter(door, RIGHT)
    UsersFile(file.path).change(lambda users: users.update(rob=User(roles=("releaser",), password="")))
    assert refused(door, RIGHT).status == 401
    assert not door.is_still(caller)
    UsersFile(file.path).change(lambda users: users.pop("rob"))
    assert refused(door, RIGHT).status == 401


def test_wrong_passwords_are_written_down(door: Door, file: UsersFile) -> None:
    """Who, from where; not what was typed."""
    refused(door, "rob:hunter2 hunter2")
    told = file.path.with_name("audit.jsonl").read_text()
    assert '"what": "wrong password", "who": "rob", "address": "192.0.2.7"' in told
    assert "hunter2" not in told


def test_a_broken_file_lets_nobody_in(door: Door, file: UsersFile) -> None:
    """It says so, and nothing of what is in it."""
    file.path.chmod(0o644)
    assert refused(door, RIGHT).status == 503


def test_a_proxy_says_who_it_is(door: Door) -> None:
    """With its secret, from its address."""
    came = scope(
        "10.0.0.5", x_sendoff_user="vera", x_sendoff_secret=SECRET, x_forwarded_for="1.1.1.1, 192.0.2.9"
    )
    caller = asyncio.run(door.who(came))
    assert (caller.name, caller.by_proxy, caller.address) == ("vera", True, "192.0.2.9")
    assert asyncio.run(door.who_says(came, "")).name == "vera"


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {"x_sendoff_user": "vera", "x_sendoff_secret": SECRET}),
        ("10.0.0.5", {"x_sendoff_user": "vera", "x_sendoff_secret": "guessed"}),
        ("10.0.0.5", {"x_sendoff_user": "vera"}),
        ("10.0.0.5", {"x_sendoff_user": "worker-1", "x_sendoff_secret": SECRET}),
        ("10.0.0.5", {"x_sendoff_user": "stranger", "x_sendoff_secret": SECRET}),
        ("10.0.0.5", {"x_sendoff_secret": SECRET}),
        ("", {"x_sendoff_user": "vera", "x_sendoff_secret": SECRET}),
    ],
    ids=["elsewhere", "guessed", "no secret", "a worker", "a stranger", "nobody", "no address"],
)
def test_whoever_pretends_is_refused(door: Door, peer: str, headers: dict[str, str]) -> None:
    """One without the other is nobody."""
    with pytest.raises(NotLetIn) as found:
        asyncio.run(door.who(scope(peer, **headers)))
    assert found.value.status == 401


def test_nobody_is_trusted_unless_configured(file: UsersFile, tmp_path: Path) -> None:
    """Without a secret the headers of a proxy are worth nothing, also an empty one."""
    for proxies in (Proxies(), Proxies(PROXIES.networks), Proxies(secret=SECRET)):
        door = Door(file, proxies, Audit(tmp_path / "audit.jsonl"))
        for secret in ("", SECRET):
            with pytest.raises(NotLetIn):
                asyncio.run(door.who(scope("10.0.0.5", x_sendoff_user="vera", x_sendoff_secret=secret)))
        assert proxies.address(scope("192.0.2.7", x_forwarded_for="1.1.1.1")) == "192.0.2.7"


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_text(f"{SECRET}\n")
    return path


def test_settings_of_a_proxy(secret_file: Path) -> None:
    """Addresses and a secret that only its owner reads."""
    environ = {"SENDOFF_SERVER_PROXIES": "10.0.0.0/24, ::1", "SENDOFF_SERVER_PROXY_SECRET": str(secret_file)}
    assert ServerSettings.read(environ).proxies() == Proxies(
        (ip_network("10.0.0.0/24"), ip_network("::1")), SECRET
    )
    assert ServerSettings.read({}).proxies() == Proxies()


def test_settings_of_the_audit() -> None:
    """In the folder; or in a file of its own, as two servers of one folder would take it from each other."""
    environ = {"SENDOFF_SERVER_FOLDER": "/srv/sign-in", "SENDOFF_SERVER_AUDIT": ""}
    assert ServerSettings.read(environ).audit == Path("/srv/sign-in/audit.jsonl")
    environ["SENDOFF_SERVER_AUDIT"] = "/srv/sign-in/audit-2.jsonl"
    assert ServerSettings.read(environ).audit == Path("/srv/sign-in/audit-2.jsonl")


def _loose(path: Path) -> None:
    path.chmod(0o644)


def _short(path: Path) -> None:
    path.write_text("short")


@pytest.mark.parametrize("spoil", [_loose, _short, Path.unlink])
def test_a_bad_secret_is_refused(secret_file: Path, spoil: Callable[[Path], None]) -> None:
    """It is not used, and not shown."""
    spoil(secret_file)
    environ = {"SENDOFF_SERVER_PROXIES": "10.0.0.5", "SENDOFF_SERVER_PROXY_SECRET": str(secret_file)}
    with pytest.raises(BadInput) as wrong:
        ServerSettings.read(environ).proxies()
    assert SECRET not in str(wrong.value)


def test_a_secret_without_addresses_is_refused(secret_file: Path) -> None:
    """Else anybody who knows it could be anybody, from anywhere."""
    with pytest.raises(BadInput, match="SENDOFF_SERVER_PROXIES"):
        ServerSettings.read({"SENDOFF_SERVER_PROXY_SECRET": str(secret_file)}).proxies()
    with pytest.raises(BadInput, match="addresses or networks"):
        ServerSettings.read({"SENDOFF_SERVER_PROXIES": "everywhere"})
