"""Make the tables of events and of leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("release", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("application", sa.Text),
        sa.Column("environment", sa.Text),
        sa.Column("target", sa.Text),
        sa.Column("host", sa.Text),
        sa.Column("previous_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.UniqueConstraint("release", "key", name="events_once"),
    )
    op.create_index("events_of_release", "events", ["release", "number"])
    op.create_index("events_of_environment", "events", ["application", "environment", "kind", "number"])
    op.create_index(
        "events_of_host", "events", ["kind", "application", "environment", "target", "host", "number"]
    )
    op.create_table(
        "leases",
        sa.Column("resource", sa.Text, primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("release", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
    )
