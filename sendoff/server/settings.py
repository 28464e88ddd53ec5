"""Where the sign-in keeps its files, and which proxies it trusts, as the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from sendoff.errors import BadInput, Problem
from sendoff.model import Frozen
from sendoff.server.proxies import Proxies

LEAST = 16  # characters of the secret of a proxy


class ServerSettings(Frozen):
    """Read once, at the edge. `folder` holds the users, the key of the stamps, and who did what.

    `audit_file`: where who did what goes instead, for one of several servers of a folder.
    """

    folder: Path
    audit_file: Path | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    secret_file: Path | None = None

    @property
    def users(self) -> Path:
        """The file of the users."""
        return self.folder / "users.yaml"

    @property
    def audit(self) -> Path:
        """The file of who did what."""
        return self.audit_file or self.folder / "audit.jsonl"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> ServerSettings:
        """Read SENDOFF_SERVER_FOLDER, _AUDIT, _PROXIES, _PROXY_SECRET. Empty is not set."""
        home = environ.get("SENDOFF_HOME") or os.path.expanduser("~/.sendoff")
        return cls(
            folder=Path(environ.get("SENDOFF_SERVER_FOLDER") or Path(home) / "server").absolute(),
            audit_file=_path(environ.get("SENDOFF_SERVER_AUDIT")),
            networks=_networks(environ.get("SENDOFF_SERVER_PROXIES") or ""),
            secret_file=_path(environ.get("SENDOFF_SERVER_PROXY_SECRET")),
        )

    def proxies(self) -> Proxies:
        """Read the secret of the proxy that signs people in, if there is one."""
        if self.secret_file is None:
            return Proxies(self.networks)
        if not self.networks:
            raise _wrong("SENDOFF_SERVER_PROXIES", "is not set", "the addresses of the proxy with the secret")
        return Proxies(self.networks, _secret(self.secret_file))


def _path(text: str | None) -> Path | None:
    return Path(text).absolute() if text else None


def _secret(path: Path) -> str:
    try:
        mode, secret = path.stat().st_mode & 0o777, path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise _wrong("SENDOFF_SERVER_PROXY_SECRET", f"{str(path)!r} cannot be read", "a file") from None
    if mode & 0o077:
        raise _wrong(str(path), f"may be read by others (mode {mode:o})", "mode 600")
    if len(secret) < LEAST:
        raise _wrong(str(path), f"has {len(secret)} characters", f"a secret of at least {LEAST}")
    return secret


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())
    except ValueError as error:
        expected = "addresses or networks, such as 10.0.0.5,10.1.0.0/24"
        raise _wrong("SENDOFF_SERVER_PROXIES", str(error), expected) from None


def _wrong(where: str, what: str, expected: str) -> BadInput:
    return BadInput([Problem("environment", 0, where, what, expected)])
