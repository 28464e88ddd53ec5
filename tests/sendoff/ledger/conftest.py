"""An empty ledger in a database of its own, with a clock that moves a second at every look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from sendoff.ledger import Ledger, database
from tests.kit.postgresql import Server, postgresql

START = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL that runs; who stops it starts it again."""
    with postgresql() as running:
        yield running


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
