"""Which gates hold for a run: the one place that says so."""

from __future__ import annotations

from sendoff.spec.models import Approval
from tasks.run import Run


def gates_of(run: Run) -> tuple[Approval, ...]:
    """Give the gates that have to be passed before the run goes live, in their order."""
    return run.environment.gates
