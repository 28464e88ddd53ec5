"""PostgreSQL that refuses, does not answer, breaks off, or is asked by somebody who is gone."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from examples.ports import free_port
from sendoff.errors import StepErrored
from sendoff.ledger import Ledger, database
from sendoff.ledger.patience import Away, Patience

pytestmark = pytest.mark.postgresql
NEVER = Patience(sleep=lambda _: pytest.fail("it waited"))


def test_driver_of_an_address_without_one(postgresql_url: str) -> None:
    """`postgresql://` means the driver that is installed; naming it is the same."""
    named = postgresql_url.replace("postgresql:", "postgresql+psycopg:")
    with closing(Ledger.open(postgresql_url)) as one, closing(Ledger.open(named)) as two:
        event = one.append("r1", "step.done", "ada", {})
        assert two.events() == (event,)


def test_a_wrong_password(postgresql_url: str) -> None:
    """Who is not let in is told so at once, without the password."""
    with pytest.raises(StepErrored, match=r":\*\*\*@.* password authentication failed.*; try again") as error:
        Ledger.open(postgresql_url.replace("hunter2", "hunter3"), patience=NEVER)
    assert "hunter3" not in str(error.value)


def test_a_database_that_does_not_exist(postgresql_url: str) -> None:
    """It is not waited for."""
    with pytest.raises(StepErrored, match='database "none_such" does not exist, expected'):
        Ledger.open(postgresql_url.rpartition("/")[0] + "/none_such", patience=NEVER)


def test_nobody_there() -> None:
    """A port on which nobody listens is tried until the deadline; no password is shown, wherever it stood."""
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(StepErrored, match=r"refused.* expected it back within 0\.3 s; see that") as error:
        Ledger.open(f"postgresql://ada:hunter2@{address}/x?password=hunter3", patience=Patience(0.3))
    assert "hunter" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_session_that_is_ended(server: Any, postgresql_url: str) -> None:
    """Whoever is cut off in the middle of a transaction may try again; nothing of it is left."""
    with closing(Ledger.open(postgresql_url)) as ledger:
        engine = database.connect(postgresql_url)

        def write() -> None:
            with database.writing(engine) as connection:
                connection.exec_driver_sql("INSERT INTO leases VALUES ('a/b', 1, 'r', 'ada', 'why', 'now')")
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
                server.execute(f"SELECT pg_terminate_backend({pid})")
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(Away):
            write()
        assert ledger.leases() == ()
        engine.dispose()


def test_sessions_that_are_ended_between_writes(server: Any, postgresql_url: str) -> None:
    """Connections that were kept and are dead are not noticed."""
    name = postgresql_url.rpartition("/")[2]
    with closing(Ledger.open(postgresql_url)) as ledger:
        ledger.append("r1", "step.done", "ada", {"number": 0})
        server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
        )
        ledger.append("r1", "step.done", "ada", {"number": 1})
        assert [event.body["number"] for event in ledger.events()] == [0, 1]


def test_a_writer_that_is_not_heard_any_more(postgresql_url: str) -> None:
    """A session that stays in its transaction loses it, and with it the lock that others wait for."""
    with closing(Ledger.open(postgresql_url)) as ledger:
        hasty = database.connect(f"{postgresql_url}?options=-c idle_in_transaction_session_timeout=300ms")

        def hang() -> None:
            with database.writing(hasty) as connection:
                ledger.append("r1", "step.done", "ada", {})
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(Away):
            hang()
        assert ledger.head().number == 1
        hasty.dispose()
