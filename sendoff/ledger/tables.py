"""The tables as queries see them; the migrations make them. Times and bodies are text in their one form."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Table, Text

REVISION = "0002"
metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("release", Text, nullable=False),
    Column("key", Text),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("application", Text),
    Column("environment", Text),
    Column("target", Text),
    Column("host", Text),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("release", Text),
    Column("actor", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("expires", Text),
)
