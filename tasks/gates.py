"""Which gates hold for a run, and whether they have been passed: the one place that says so."""

from __future__ import annotations

from sendoff.emergency import gates_that_hold
from sendoff.gates import judge
from sendoff.report.words import listing
from sendoff.spec.models import Approval
from tasks.answers import history_of
from tasks.run import Run

GATED = ("release", "go-live")
"""The flows that go live once people have agreed."""
UNGATED = ("rollback",)
"""Those that go live without."""


def gates_of(run: Run) -> tuple[Approval, ...]:
    """Give the gates that have to be passed before the run goes live, in their order."""
    return gates_that_hold(run.environment, run.why.emergency)


def not_agreed(run: Run, plan: str) -> str | None:
    """Tell why traffic may not be moved by a plan, as far as the ledger says; None when it may.

    Args:
        run: The run that asks for it
        plan: The digest of the plan
    """
    if run.flow in UNGATED:
        return None
    if run.flow not in GATED:
        return f"{run.flow!r} moves no traffic, expected one of {listing((*GATED, *UNGATED), last='or')}"
    if shut := [gate.name for gate in gates_of(run) if not _is_passed(run, gate, plan)]:
        return f"plan {plan[:8]} is not agreed to at {listing(map(repr, shut))}, expected that first"
    return None


def _is_passed(run: Run, gate: Approval, plan: str) -> bool:
    """Tell whether enough approvals of one subject with this plan stand, as of when the last was given."""
    history = history_of(run, gate)
    answers, standing = history.answers, history.standing
    subject = standing[-1].subject if standing else None
    if subject is None or subject.plan != plan:
        return False
    return judge(gate, run.why.requested_by, subject, answers, answers[-1].at).state == "approved"
