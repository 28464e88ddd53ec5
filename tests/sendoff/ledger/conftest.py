"""An empty ledger in a database of its own, with a clock that moves a second at every look."""

from __future__ import annotations

import itertools
import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from sendoff.ledger import Ledger, database

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
PASSWORD = "hunter2"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # the machine does not lose power in a test; what a killed process wrote stays
    "shared_buffers": "16MB",
}


class Server:
    """A PostgreSQL on a free port of this machine; it refuses to be root, so root runs it as its own user."""

    def __init__(self, folder: Path) -> None:
        installed = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name)
        )
        if not installed:
            pytest.fail("PostgreSQL is missing; install the Debian package postgresql", pytrace=False)
        self.programs, self.folder, self.port = installed[-1], folder, free_port()
        self.user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.numbers = itertools.count(1)
        self._make()
        self.start()

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        for path in (self.folder, secret):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        options = ("--username=sendoff", f"--pwfile={secret}", "--auth=scram-sha-256", "--no-sync")
        locale = ("--encoding=UTF8", "--locale=C.UTF-8")
        made = self._run("initdb", "--pgdata=data", *options, *locale, stdout=subprocess.DEVNULL)
        assert made.wait() == 0

    def _run(self, program: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        if os.getuid() == 0:
            options |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": ()}
        return subprocess.Popen((self.programs / program, *arguments), cwd=self.folder, **options)

    def start(self) -> None:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        deadline = time.monotonic() + 30
        while not self._serves(settings):
            assert time.monotonic() < deadline, (self.folder / "log").read_text()

    def _serves(self, settings: list[str]) -> bool:
        """After a kill it cannot start before the last of its processes has gone, so it is started again."""
        with (self.folder / "log").open("ab") as log:
            self.process = self._run("postgres", "-D", "data", f"--port={self.port}", *settings, stderr=log)
        while self.process.poll() is None:
            try:
                psycopg.connect(
                    host="127.0.0.1", port=self.port, user="sendoff", password=PASSWORD, dbname="postgres"
                ).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
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
        engine = database.connect(f"postgresql://sendoff:{PASSWORD}@127.0.0.1:{self.port}/postgres")
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
