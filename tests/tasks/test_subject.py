"""What people agree to is digested from the run as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sendoff.model import digest
from tasks.subject import subject_of


def test_it_can_be_computed_again_from_the_ledger(gated: Callable[..., Any]) -> None:
    """Artifact, release file and intent are written down there: whoever doubts it digests them."""
    made = gated({"approvers": ["sam"]})
    subject = subject_of(made.run, made.planner.artifact, made.planner.plan())
    created = made.run.ledger.last(made.run.id, ("release.created",)).body
    assert subject.configuration == digest(created["config"])
    assert subject.artifact == digest(made.planner.artifact.model_dump(mode="json"))
    assert subject.plan == made.planner.plan().digest
