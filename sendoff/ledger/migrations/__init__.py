"""The steps that make the ledger's tables, for alembic."""
