"""Which gates hold for a run: the one place that says so."""

from __future__ import annotations

from sendoff.emergency import gates_that_hold
from sendoff.spec.models import Approval
from tasks.run import Run


def gates_of(run: Run) -> tuple[Approval, ...]:
    """Give the gates that have to be passed before the run goes live, in their order."""
    return gates_that_hold(run.environment, run.why.emergency)
