"""The hosts of a target: one connection each, made when it is first needed and again when it has died."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from sendoff.errors import SendoffError
from sendoff.spec.models import ReleaseFile, SshFleet
from sendoff.targets.ssh.connection import connect
from sendoff.targets.ssh.host import SshHost
from sendoff.targets.ssh.lists import Heads
from sendoff.targets.ssh.login import HostAddress, Login
from sendoff.targets.ssh.session import Session


class Fleet:
    """Connections to hosts, kept for a whole release; may be used from many threads at once."""

    def __init__(
        self,
        hosts: Mapping[str, HostAddress],
        login: Login,
        roots: Mapping[str, str],
        shared: Sequence[str] = (),
        *,
        by: str = "-",
        token: int = 0,
        transfer_timeout: float = 600,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hosts, self._login, self._roots = dict(hosts), login, dict(roots)
        self._heads = Heads(shared)
        self._by, self._token = by, token
        self._transfer_timeout, self._clock = transfer_timeout, clock
        self._locks = {name: threading.Lock() for name in hosts}
        self._sessions: dict[str, Session] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Name the hosts, in the order given."""
        return tuple(self._hosts)

    def host(self, name: str) -> SshHost:
        """Give a host of the fleet, without connecting yet; KeyError when there is none of that name."""
        if name not in self._hosts:
            raise KeyError(name)
        return SshHost(
            name,
            self._roots[name],
            self._heads,
            partial(self.session, name),
            by=self._by,
            token=self._token,
            transfer_timeout=self._transfer_timeout,
            clock=self._clock,
        )

    def session(self, name: str) -> Session:
        """Give the connection to a host, made anew when there is none that stands."""
        with self._locks[name]:
            session = self._sessions.get(name)
            if session is None or not session.is_alive:
                if session is not None:
                    session.close()
                address = self._hosts[name]
                session = self._sessions[name] = connect(address.address, address.port, self._login, name)
            return session

    def close(self) -> None:
        """Hang up everywhere."""
        for name, lock in self._locks.items():
            with lock, suppress(SendoffError):
                if session := self._sessions.pop(name, None):
                    session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_fleet(file: ReleaseFile, fleet: SshFleet, login: Login, by: str, token: int = 0) -> Fleet:
    """Prepare the connections to the hosts of a release file's fleet; `by` is named in their journals.

    `token`: the number of the lease that changes are made under; with 0 hosts can only be looked at.
    """
    names = file.hosts_of(fleet)
    addresses = {
        name: HostAddress(address=file.hosts[name].address, port=file.hosts[name].port) for name in names
    }
    roots = {name: file.words(name, fleet)["root"] for name in names}
    timeout = fleet.transfer_timeout
    return Fleet(addresses, login, roots, fleet.shared, by=by, token=token, transfer_timeout=timeout)
