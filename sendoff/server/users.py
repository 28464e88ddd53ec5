"""Who may sign in: a file that only its owner reads, with argon2id hashes of passwords."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import yaml
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import Field, StringConstraints, ValidationError, model_validator

from sendoff.errors import BadInput, PolicyRefused, Problem
from sendoff.model import Frozen
from sendoff.server.roles import Right, Role, rights

HASHER = PasswordHasher()  # argon2id, with the costs that its authors advise
SHORTEST, LONGEST = 12, 200
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
Group = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
HEAD = "# Made by `sendoff users`. Whoever can write here can be anybody.\n"


class User(Frozen):
    """Somebody who may sign in. Without a password only a trusted proxy can say that it is them."""

    roles: tuple[Role, ...] = ()
    groups: tuple[Group, ...] = ()
    password: str = Field("", repr=False)

    @model_validator(mode="after")
    def _is_one_kind(self) -> User:
        if "worker" in self.roles and (len(self.roles) > 1 or self.groups):
            raise ValueError("a worker has no other role and no group: people have accounts of their own")
        return self

    @cached_property
    def rights(self) -> frozenset[Right]:
        """Give all that they may do."""
        return rights(self.roles, self.groups)

    @property
    def is_worker(self) -> bool:
        """Tell whether this is a service account of workers."""
        return "worker" in self.roles


class UsersFile:
    """The file; what is asked of it is as new as the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, ...], Mapping[str, User]] = ((), {})

    def find(self, name: str) -> User | None:
        """Find somebody by name."""
        return self.all().get(name)

    def all(self) -> Mapping[str, User]:
        """Read all users, none without a file; BadInput when it is wrong, or others may read it."""
        try:
            seen = os.stat(self.path)
        except FileNotFoundError:
            return {}
        if seen.st_mode & 0o077:
            raise _wrong(self.path, "", f"may be read by others (mode {seen.st_mode & 0o777:o})", "mode 600")
        stamp = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
        if self._read[0] != stamp:
            self._read = (stamp, _users(self.path))
        return self._read[1]

    def change(self, change: Callable[[dict[str, User]], None]) -> None:
        """Read, change and write, whole or not at all; others who change it wait."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(self.path.with_suffix(".lock")):
            users = dict(self.all())
            change(users)
            _write(self.path, users)


def hashed(password: str) -> str:
    """Hash a password; PolicyRefused when it is too short, or so long that it is no password."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PolicyRefused(
            f"password: has {len(password)} characters, expected {SHORTEST} to {LONGEST}; take a longer one"
        )
    return HASHER.hash(password)


def fits(password: str, known: str) -> bool:
    """Tell whether a password is the one that was hashed; takes as long when there is none."""
    try:
        return HASHER.verify(known or _nobody(), password) and bool(known)
    except (VerificationError, InvalidHashError):
        return False


def generated() -> str:
    """Make a password for a service account."""
    return secrets.token_urlsafe(32)


def named(name: str) -> str:
    """Check the name of a user."""
    if not NAME.fullmatch(name):
        raise PolicyRefused(
            f"user {name!r}: is no name, expected small letters, digits and . _ @ -, 64 at most"
        )
    return name


_NOBODY: list[str] = []


def _nobody() -> str:
    if not _NOBODY:
        _NOBODY.append(HASHER.hash(secrets.token_hex()))
    return _NOBODY[0]


def _users(path: Path) -> Mapping[str, User]:
    try:
        read: Any = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(
            path, "", f"cannot be read ({type(error).__name__})", "YAML of `sendoff users`"
        ) from None
    users = read.get("users") if isinstance(read, dict) else None
    if not isinstance(users, dict):
        raise _wrong(path, "users", "is missing", "a mapping of names to users")
    return {name: _user(path, str(name), entry) for name, entry in users.items()}


def _user(path: Path, name: str, entry: Any) -> User:
    if not NAME.fullmatch(name):
        raise _wrong(path, f"users.{name}", "is no name", "small letters, digits and . _ @ -")
    try:
        return User.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]  # the input may be a hash
        where = ".".join(map(str, ("users", name, *first["loc"])))
        raise _wrong(path, where, str(first["msg"]).lower(), "what `sendoff users` writes") from None


def _write(path: Path, users: Mapping[str, User]) -> None:
    told = {name: user.model_dump(mode="json") for name, user in sorted(users.items())}
    new = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(HEAD + yaml.safe_dump({"users": told}, sort_keys=False))
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _wrong(path: Path, where: str, what: str, expected: str) -> BadInput:
    return BadInput([Problem(str(path), 0, where, what, expected)])
