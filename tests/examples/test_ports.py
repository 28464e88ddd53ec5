"""Ports that are free, or that somebody asked for."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from examples import ports
from examples.ports import asked_port, free_port
from sendoff.errors import PolicyRefused

ROOT = Path(__file__).parents[2]
HOLDS = "import sys; from examples.ports import free_port; print(free_port(), flush=True); sys.stdin.read()"


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
    """No port is given twice, and none that a connection takes by itself."""
    found = {free_port() for _ in range(20)}
    assert len(found) == 20
    assert found < set(ports.PORTS)
    assert max(ports.PORTS) < 32768  # ip_local_port_range of Linux; that of macOS begins at 49152


def test_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process was given no other one is, until the first has ended."""
    with subprocess.Popen(
        (sys.executable, "-c", HOLDS), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin
        assert other.stdout
        port = int(other.stdout.readline())
        monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
        with pytest.raises(PolicyRefused, match=f"no port from {port} to {port} is free, expected one; stop"):
            free_port()
        other.stdin.close()
    assert other.returncode == 0
    assert free_port() == port


def test_one_that_somebody_listens_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given to nobody."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", free_port()))
        server.listen()
        port = server.getsockname()[1]
        monkeypatch.setattr(ports, "_given", set())
        monkeypatch.setattr(ports, "PORTS", range(port, port + 1))
        with pytest.raises(PolicyRefused, match="expected one; stop what listens there"):
            free_port()
