"""Servers of tests: what they say of clients that hang up, and of their own faults."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

import httpx
import pytest

from tests.kit.serving import Handler, serving


def test_one_that_hangs_up(capfd: pytest.CaptureFixture[str]) -> None:
    """It is not worth a word, and the next one is answered."""
    ended = threading.Event()

    class Long(Handler):
        def do_GET(self) -> None:
            try:
                while self.path == "/long":
                    self.wfile.write(b"x" * 65536)
            finally:
                ended.set()
            self.answer(200, b"here")

    with serving(Long) as server:
        with socket.create_connection(server.server_address) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"GET /long HTTP/1.0\r\n\r\n")
            client.recv(1)
        assert ended.wait(10)
        assert httpx.get(server.address, trust_env=False).text == "here"
    assert capfd.readouterr() == ("", "")


def test_a_fault_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """It is shown."""

    class Wrong(Handler):
        def do_GET(self) -> None:
            raise LookupError("wrong")

    with serving(Wrong) as server, suppress(httpx.RemoteProtocolError):
        httpx.get(server.address, trust_env=False)
    assert "LookupError: wrong" in capfd.readouterr().err


def test_sent_and_answered() -> None:
    """A handler reads the body and gives status, headers and content."""

    class Echo(Handler):
        def do_POST(self) -> None:
            self.answer(201, self.body(), {"X-Kind": "echo"})

    with serving(Echo) as server:
        given = httpx.post(server.address, content=b"abc", trust_env=False)
    assert (given.status_code, given.content, given.headers["X-Kind"]) == (201, b"abc", "echo")
