"""An empty ledger in a database of its own, with a clock that moves a second at every look."""

from __future__ import annotations

import itertools
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from examples.ports import free_port
from examples.production.postgresql import PostgreSQL
from sendoff.errors import PolicyRefused
from sendoff.ledger import Ledger, database

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
PASSWORD = "hunter2"
SETTINGS = {
    "fsync": "off",  # the machine does not lose power in a test; what a killed process wrote stays
    "shared_buffers": "16MB",
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
        deadline = time.monotonic() + 30
        while not self._serves():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()

    def _serves(self) -> bool:
        """After a kill it cannot start before the last of its processes has gone, so it is started again."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(**SETTINGS), stderr=log, **self.options)
        while self.process.poll() is None:
            if self.answers():
                return True
            time.sleep(0.02)
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


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL that runs; who stops it starts it again."""
    with tempfile.TemporaryDirectory(prefix="sendoff-postgresql-") as folder:
        running = Server(Path(folder))
        yield running
        running.stop()


@pytest.fixture
def clock() -> Callable[[], datetime]:
    moments = iter(START + timedelta(seconds=second) for second in range(1_000_000))
    return lambda: next(moments)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.db"


@pytest.fixture
def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(server: Server) -> str:
    return server.new_database()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest) -> str:
    """Where an empty ledger can be, on each database."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def ledger(url: str, clock: Callable[[], datetime]) -> Iterator[Ledger]:
    with closing(Ledger.open(url, clock=clock)) as opened:
        yield opened


@pytest.fixture
def tamper(url: str) -> Iterator[Callable[..., None]]:
    """Change the tables behind the ledger's back."""
    engine = database.connect(url)

    def execute(*statements: str, **values: object) -> None:
        with database.writing(engine) as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    yield execute
    engine.dispose()
