"""What people have answered so far, from the ledger."""

from __future__ import annotations

from sendoff.gates import Answer
from sendoff.spec.models import Approval
from tasks.run import Run


def answers(run: Run, gate: Approval) -> list[Answer]:
    """Read what has been answered so far, from the ledger."""
    given = run.ledger.events(release=run.id, kinds=("approval.answered",))
    return [
        Answer(
            at=event.at,
            **{name: event.body[name] for name in ("approver", "decision", "comment", "plan_digest")},
        )
        for event in given
        if event.body["gate"] == gate.name
    ]
