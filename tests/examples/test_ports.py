"""Ports that are free, or that somebody asked for."""

from __future__ import annotations

import socket

import pytest

from examples.ports import asked_port, free_port, free_ports
from sendoff.errors import PolicyRefused


@pytest.mark.parametrize("port", ["99999", "0", "-1", "\u00b2", "\u0663\u0660\u0660\u0660", "abc"])
def test_no_port(port: str) -> None:
    """What is no port is refused by the name under which it was asked for."""
    with pytest.raises(PolicyRefused, match=r"is no port that is free, expected one; name another, or none"):
        asked_port(port)


def test_a_port_that_has_just_been_given_up() -> None:
    """Connections of a server that has ended do not make its port count as taken."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as web servers do
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        taken, _ = server.accept()
        assert free_port(port) != port
        taken.close()
        client.close()
    assert free_port(port) == port
    assert asked_port(str(port)) == port


def test_several_are_different() -> None:
    """No port is given out twice at a time."""
    assert len(set(free_ports(20))) == 20
