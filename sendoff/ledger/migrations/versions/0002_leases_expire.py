"""Let leases expire; those that are held stay until they are given back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the moment at which a lease may be taken over."""
    op.add_column("leases", sa.Column("expires", sa.Text))
