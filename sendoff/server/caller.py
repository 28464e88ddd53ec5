"""Who asks: somebody of the users file, and where from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sendoff.server.users import User

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Caller:
    """A user who is signed in. `by_proxy`: a trusted proxy said who it is, and nobody typed a password."""

    name: str
    user: User
    address: str
    by_proxy: bool = False


def header(scope: Any, name: str) -> str:
    """Read a header; the last of several, "" for none."""
    found = [value for key, value in scope["headers"] if key == name.encode()]
    return found[-1].decode("latin-1") if found else ""
