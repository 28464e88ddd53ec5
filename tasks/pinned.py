"""The plan that a run has to keep to, whatever hosts say by now."""

from __future__ import annotations

from sendoff.plan.models import Plan
from tasks.questions import unsettled
from tasks.run import Run


def pinned(run: Run) -> Plan | None:
    """Give the plan of a run that has moved traffic, or that has an answer to carry out; None before that.

    Such a run goes on from where it is: a host that cannot be looked at is met, and asked about, by its step.
    """
    trouble = unsettled(run)
    is_open = trouble is not None and trouble.stage not in ("build", "preflight")
    known = run.ledger.last(run.id, ("release.planned",)) if is_open or run.has_switched() else None
    return Plan.model_validate(known.body["plan"]) if known else None
