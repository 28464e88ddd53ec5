"""What the ledger refuses."""

from __future__ import annotations

from sendoff.errors import PolicyRefused
from sendoff.ledger.models import Lease


class LedgerTooNew(PolicyRefused):
    """The ledger was written by a newer Sendoff than this one."""


class LeaseHeld(PolicyRefused):
    """Another release holds what was asked for."""

    def __init__(self, lease: Lease, expected: str = "nobody") -> None:
        self.lease = lease
        application, _, environment = lease.resource.partition("/")
        super().__init__(
            f"{environment or 'lease'} of {application}: held by {lease.actor} "
            f"since {lease.since:%Y-%m-%d %H:%M} UTC for {lease.why!r}, expected {expected}; "
            f"wait for it (sendoff watch {lease.release}), or free it: sendoff unlock {lease.resource}"
        )
