"""PostgreSQL: an advisory lock keeps writers apart, and neither side waits for a peer that is gone."""

from __future__ import annotations

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError

LOCK = 7_365_646_666  # any number that nothing else locks in that database
TIMEOUTS = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    # The server lets go of the lock of a writer that it cannot hear any more; others wait a little longer.
    "options": "-c idle_in_transaction_session_timeout=30s -c lock_timeout=40s",
}
AWAY = frozenset(
    {
        "57P01",  # it shuts down
        "57P02",  # another of its processes crashed
        "57P03",  # it starts
        "57P05",  # the session was idle
        "25P03",  # the session was idle in a transaction
        "25006",  # it was made a standby; the new primary takes over its address
        "40001",  # serialization failure
        "40P01",  # deadlock
        "53300",  # too many connections
        "55P03",  # the lock was not to be had in time
    }
)


def engine(url: URL) -> Engine:
    """Prepare to connect; what the URL says itself comes first."""
    return create_engine(url.set(query={**TIMEOUTS, **url.query}))


def begin(connection: Connection, *, writes: bool) -> None:
    """Wait for other writers before anything is read; a reader sees one moment."""
    if writes:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


def is_away(engine: Engine, error: DBAPIError) -> bool:
    """Tell whether the server is gone, or for the moment cannot serve; not whether it refuses us."""
    code = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or code in AWAY or (code or "").startswith("08"):
        return True
    return code is None and isinstance(error, OperationalError) and not _is_refused(engine)


def _is_refused(engine: Engine) -> bool:
    """Tell whether the server is there and does not let us in: the driver gives no code for either.

    It may have come up just after we had failed, so we have to fail again to be sure.
    """
    driver = engine.dialect.loaded_dbapi
    _, arguments = engine.dialect.create_connect_args(engine.url)
    arguments.pop("context", None)  # how values are adapted: no part of the address
    address = driver.conninfo.make_conninfo(**arguments).encode()
    if driver.pq.PGconn.ping(address) != driver.pq.Ping.OK:
        return False
    try:
        engine.raw_connection().close()
    except driver.Error:
        return True
    return False
