"""Who asks: somebody of the users file, and where from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sendoff.server.users import User

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Caller:
    """A user who is signed in. `by_proxy`: a trusted proxy said who it is, and nobody typed a password."""

    name: str
    user: User
    address: str
    by_proxy: bool = False


def comes_from_elsewhere(scope: Any) -> str:
    """Name the server whose page a browser sends this from; "" when it is ours, or no page."""
    origin = urlsplit(header(scope, "origin")).netloc or header(scope, "origin")
    return "" if origin == header(scope, "host") else origin


def header(scope: Any, name: str) -> str:
    """Read a header; the last of several, "" for none."""
    found = [value for key, value in scope["headers"] if key == name.encode()]
    return found[-1].decode("latin-1") if found else ""
