"""The database goes away while the ledger is written: nothing is lost, nothing is there twice."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import pytest
from sqlalchemy import make_url

from sendoff.errors import StepErrored
from sendoff.ledger import Ledger
from sendoff.ledger.patience import Patience

pytestmark = pytest.mark.postgresql
PLACE = "storefront/production"


class Proxy:
    """Passes bytes on to a server, and cuts the line at the next COMMIT when told so.

    `cut` is "before" (the server never hears of it) or "after" (it does, but its answer is lost).
    """

    def __init__(self, port: int) -> None:
        self.target, self.cut = ("127.0.0.1", port), ""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server:
            answers = threading.Thread(target=self._pass, args=(server, client), daemon=True)
            answers.start()
            while (asked := client.recv(65536)) and not (self.cut and b"COMMIT" in asked):
                server.sendall(asked)
            if asked and self.cut == "after":
                self._lose_the_answer(asked, client, server)
            self.cut = "" if asked else self.cut
            hang_up(client, server)
            answers.join()

    def _lose_the_answer(self, asked: bytes, client: socket.socket, server: socket.socket) -> None:
        """Close the client's side first; that of the server closes when it has been told to end."""
        hang_up(client)
        server.sendall(asked)
        server.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while server.recv(65536):
                pass

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while answer := source.recv(65536):
                target.sendall(answer)
            hang_up(target)


def hang_up(*lines: socket.socket) -> None:
    for line in lines:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def until(true: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.01)


def append(ledger: Ledger, release: str) -> None:
    for number in range(60):
        ledger.append(release, "step.done", "ada", {"number": number})


@pytest.fixture
def proxy(server: Any) -> Iterator[Proxy]:
    running = Proxy(server.port)
    yield running
    running.listener.close()


@pytest.fixture
def ledger(postgresql_url: str, proxy: Proxy) -> Iterator[Ledger]:
    url = make_url(postgresql_url).set(port=proxy.port)
    with closing(Ledger.open(url.render_as_string(hide_password=False))) as opened:
        yield opened


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
def test_stopped_and_started(server: Any, postgresql_url: str, how: signal.Signals) -> None:
    """Four threads append while the server is stopped, killed, and comes back: each event is there once."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(seconds / 10)

    with (
        closing(Ledger.open(postgresql_url, patience=Patience(sleep=pause))) as ledger,
        ThreadPoolExecutor(4) as pool,
    ):
        written = [pool.submit(append, ledger, f"r{number}") for number in range(4)]
        until(lambda: ledger.head().number >= 40, "40 events")
        with server.down(how):
            until(lambda: len(pauses) >= 12, "all wait")
        for each in written:
            each.result()
        for number in range(4):
            assert [event.body["number"] for event in ledger.events(f"r{number}")] == list(range(60))
        assert (ledger.head().number, ledger.verify()) == (240, None)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_cut_off_at_the_commit(ledger: Ledger, proxy: Proxy, cut: str) -> None:
    """Whether or not the server heard of it, the event is there once, and is the one that is returned."""
    first = ledger.append("r1", "step.done", "ada", {"number": 1})
    proxy.cut = cut
    second = ledger.append("r1", "step.done", "ada", {"number": 2})
    assert proxy.cut == ""
    assert ledger.events() == (first, second)
    assert ledger.verify() is None


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lease_cut_off_at_the_commit(ledger: Ledger, proxy: Proxy, cut: str) -> None:
    """It is taken once, and given back once."""
    proxy.cut = cut
    lease = ledger.take_lease(PLACE, "r1", "ada", "release")
    assert (proxy.cut, lease.token, ledger.leases()) == ("", 1, (lease,))
    proxy.cut = cut
    assert ledger.give_back(PLACE, "r1", "ada")
    assert [event.kind for event in ledger.events()] == ["lease.taken", "lease.given_back"]


def test_away_for_too_long(server: Any, postgresql_url: str) -> None:
    """A writer gives up at its deadline, in words; the ledger can be used again when the server is back."""
    with closing(Ledger.open(postgresql_url, patience=Patience(seconds=0.5))) as ledger:
        first = ledger.append("r1", "step.done", "ada", {"number": 1})
        with server.down(signal.SIGQUIT):
            with pytest.raises(StepErrored, match=r"expected it back within 0\.5 s; see that"):
                ledger.append("r1", "step.done", "ada", {"number": 2})
            with pytest.raises(StepErrored, match=r"expected it back within 0\.5 s; see that"):
                ledger.events()
        assert ledger.append("r1", "step.done", "ada", {"number": 3}).previous_hash == first.hash
