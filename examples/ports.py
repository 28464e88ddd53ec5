"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from sendoff.errors import PolicyRefused


def free_port(wanted: int = 0) -> int:
    """Find a port that nobody listens on: the wanted one, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_ports(count: int) -> list[int]:
    """Find as many different ones."""
    with ExitStack() as open_ones:
        probes = [open_ones.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def asked_port(port: str) -> int:
    """Take the port that somebody named, if it is one and is free."""
    number = int(port) if port.isascii() and port.isdigit() else 0
    if not 0 < number < 65536 or free_port(number) != number:
        raise PolicyRefused(f"PORT={port}: is no port that is free, expected one; name another, or none")
    return number
