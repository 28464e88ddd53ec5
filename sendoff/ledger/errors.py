"""What the ledger refuses."""

from __future__ import annotations

from sendoff.errors import Fenced, PolicyRefused
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


class LeaseLost(Fenced):
    """The lease is not held under this number any more."""

    def __init__(self, lease: Lease, holder: Lease | None) -> None:
        self.lease, self.holder = lease, holder
        now = f"{holder.actor} under number {holder.token}, for {holder.why!r}" if holder else "nobody"
        super().__init__(
            f"{lease.resource}: held by {now}, expected to hold it under number {lease.token}; "
            "this process was believed dead and stops without changing anything more"
        )

    @property
    def is_by_itself(self) -> bool:
        """Tell whether the same release goes on in another process."""
        return self.holder is not None and self.holder.release == self.lease.release
