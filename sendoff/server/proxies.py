"""Proxies in front: what they say of where a request is from, and of who it is, when they are trusted."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from sendoff.server.caller import Headers, header
from sendoff.server.refusals import NotLetIn

USER, SECRET = "x-sendoff-user", "x-sendoff-secret"
FROM = "x-forwarded-for"
NOT_OURS = (
    b"prefect-automation-id",
    b"prefect-automation-name",
    b"authorization",
    USER.encode(),
    SECRET.encode(),
)


@dataclass(frozen=True)
class Proxies:
    """Who stands in front, by address, and the secret that the one has who signs people in.

    Without a secret no proxy says who somebody is. Without addresses nobody is believed anything.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    secret: str = ""

    def address(self, scope: Any) -> str:
        """Tell where a request is from: what the proxy says, if it came through one."""
        if not self._is_proxy(scope):
            return _peer(scope)
        return header(scope, FROM).rpartition(",")[2].strip()[:64] or _peer(scope)

    def says(self, scope: Any) -> str | None:
        """Tell whom a trusted proxy names; None when none does, NotLetIn when somebody pretends to be it."""
        if not header(scope, USER) and not header(scope, SECRET):
            return None
        given = header(scope, SECRET).encode()
        if not (self.secret and self._is_proxy(scope) and hmac.compare_digest(given, self.secret.encode())):
            raise NotLetIn(
                "sign-in: the headers of a proxy came from elsewhere; sign in with a password", 401
            )
        return header(scope, USER) or None

    def _is_proxy(self, scope: Any) -> bool:
        try:
            peer = ip_address(_peer(scope))
        except ValueError:
            return False
        return any(peer in network for network in self.networks)


def without_identity(headers: Headers) -> Headers:
    """Take away whatever says who somebody is: only this server tells Prefect that."""
    return [(name, value) for name, value in headers if name.lower() not in NOT_OURS]


def _peer(scope: Any) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
