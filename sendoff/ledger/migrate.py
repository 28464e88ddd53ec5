"""Bring a ledger's tables up to what this code expects."""

from __future__ import annotations

import threading

from sqlalchemy import Connection, Engine, inspect, text

from sendoff.ledger.database import reading, writing
from sendoff.ledger.errors import LedgerTooNew
from sendoff.ledger.tables import REVISION

_turn = threading.Lock()  # Alembic keeps what it works on in variables of a module


def migrate(engine: Engine) -> None:
    """Make or update the tables; several processes and threads may do so at once."""
    with reading(engine) as connection:
        if _revision(connection) == REVISION:
            return
    with writing(engine) as connection:
        _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    # Imported here: it takes as long as all of a command, and is needed once in a ledger's life.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "sendoff.ledger:migrations")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = _revision(connection)
    if found is not None and found not in known:
        raise LedgerTooNew(
            f"ledger: it is of revision {found!r}, expected at most {REVISION!r}; "
            "use the Sendoff that wrote it, or a newer one"
        )
    with _turn:
        command.upgrade(config, "head")
