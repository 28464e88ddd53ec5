"""What has happened at a gate so far, from the ledger."""

from __future__ import annotations

from sendoff.gates.history import KINDS, History
from sendoff.spec.models import Approval
from tasks.run import Run


def history_of(run: Run, gate: Approval) -> History:
    """Read what was asked at a gate, what was answered, and what has come of it."""
    return History.of(gate, run.ledger.events(release=run.id, kinds=KINDS))
