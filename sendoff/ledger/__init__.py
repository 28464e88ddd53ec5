"""The ledger: what happened, append-only and hash-chained, and what is derived from it."""

from sendoff.ledger.ledger import Ledger

__all__ = ["Ledger"]
