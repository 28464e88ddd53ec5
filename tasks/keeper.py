"""Keeps a lease while the process lives."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Self

from sendoff.errors import StepErrored
from sendoff.ledger import Ledger
from sendoff.ledger.errors import LeaseLost
from sendoff.ledger.models import Lease

TIMES_A_TERM = 3


class Keeper:
    """Renews a lease three times a term, from a thread of its own that ends with the process.

    It says nothing when the lease is lost: whatever changes something finds that out before it does.
    """

    def __init__(self, ledger: Ledger, lease: Lease, term: timedelta) -> None:
        self._ledger, self._lease, self._term = ledger, lease, term
        self._over = threading.Event()
        self._turn = threading.Lock()  # else the number before would be renewed while a larger one is taken
        self._thread = threading.Thread(target=self._renew, name=f"keeper of {lease.resource}", daemon=True)

    def start(self) -> Self:
        """Begin to renew it."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop renewing it: it expires, unless it is given back."""
        self._over.set()
        self._thread.join()

    def park(self) -> None:
        """Keep it while nobody renews it, as its run waits for people in no process."""
        self.stop()
        with suppress(LeaseLost, StepErrored):  # nobody takes over from a run that is suspended anyway
            self._ledger.renew(self._lease, None)

    def take_anew(self) -> Lease:
        """Take it under a larger number, and renew that from now on; LeaseLost when it is lost already."""
        with self._turn:
            self._lease = self._ledger.take_anew(self._lease, self._term)
            return self._lease

    def _renew(self) -> None:
        while not self._over.wait(self._term.total_seconds() / TIMES_A_TERM):
            try:
                with self._turn:
                    self._ledger.renew(self._lease, self._term)
            except LeaseLost:
                return
            except StepErrored:  # the database is away: nobody else can take the lease either
                continue
