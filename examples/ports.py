"""Ports of this machine that nobody listens on, and nobody else takes before they are used."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import tempfile
import threading
from functools import cache
from pathlib import Path

from sendoff.errors import PolicyRefused

PORTS = range(20_000, 32_768)  # below those from which Linux and macOS take one for each connection
_given: set[int] = set()
_turn = threading.Lock()


def free_port(wanted: int = 0) -> int:
    """Find a port that nobody listens on: the wanted one, else any that no process was given here."""
    if wanted and _is_free(wanted):
        return wanted
    for port in secrets.SystemRandom().sample(PORTS, len(PORTS)):
        if _is_ours(port) and _is_free(port):
            return port
    raise PolicyRefused(
        f"no port from {PORTS[0]} to {PORTS[-1]} is free, expected one; stop what listens there"
    )


def asked_port(port: str) -> int:
    """Take the port that somebody named, if it is one and is free."""
    number = int(port) if port.isascii() and port.isdigit() else 0
    if not 0 < number < 65536 or not _is_free(number):
        raise PolicyRefused(f"PORT={port}: is no port that is free, expected one; name another, or none")
    return number


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_ours(port: int) -> bool:
    """Have it for this process, as long as it lives, unless it was given before: to it or another one."""
    with _turn:
        if port in _given:
            return False
        try:
            fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except BlockingIOError:
            return False
        _given.add(port)
        return True


@cache
def _register() -> int:
    """Open the file in which who was given a port holds a lock on the byte of that number."""
    place = Path(tempfile.gettempdir()) / f"sendoff-ports-{os.geteuid()}"
    return os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
