"""A PostgreSQL for tests, which can be stopped, killed and started again."""

from __future__ import annotations

import itertools
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from examples.ports import free_port
from examples.production.postgresql import PostgreSQL
from sendoff.errors import PolicyRefused

PASSWORD = "hunter2"
SETTINGS = {
    "fsync": "off",  # the machine does not lose power in a test; what a killed process wrote stays
    "shared_buffers": "16MB",
    "max_connections": "300",  # many releases at a time, each with a few
}


class Server(PostgreSQL):
    """A PostgreSQL on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        try:
            super().__init__(folder, free_port(), PASSWORD)
        except PolicyRefused as missing:
            pytest.fail(str(missing), pytrace=False)
        self.numbers = itertools.count(1)
        self.prepare()
        self.start()

    def start(self) -> None:
        deadline = time.monotonic() + 120
        while not self._serves(deadline):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()

    def _serves(self, deadline: float) -> bool:
        """After a kill it cannot start before the last of its processes has gone, so it is started again."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(**SETTINGS), stderr=log, **self.options)
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.02)  # it tells nobody when it is ready
        self.process.kill()
        return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT breaks connections and tidies up, SIGQUIT does not, SIGKILL leaves it no choice."""
        self.process.send_signal(how)
        self.process.wait(30)

    @contextmanager
    def down(self, how: signal.Signals) -> Iterator[None]:
        """Be away for a while."""
        self.stop(how)
        try:
            yield
        finally:
            self.start()

    def new_database(self) -> str:
        """Make an empty database; the URL of it."""
        name = f"ledger{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql://sendoff:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement.encode())


@contextmanager
def postgresql() -> Iterator[Server]:
    """Give one that runs; who stops it starts it again."""
    with tempfile.TemporaryDirectory(prefix="sendoff-postgresql-") as folder:
        running = Server(Path(folder))
        try:
            yield running
        finally:
            running.stop()
