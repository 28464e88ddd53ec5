"""What people agree to is digested from the run as it is."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.model import digest
from tasks.subject import subject_of
from tasks.window import window_digest


def test_it_can_be_computed_again_from_the_ledger(gated: Callable[..., Any]) -> None:
    """Artifact, release file and intent are written down there: whoever doubts it digests them."""
    made = gated({"approvers": ["sam"]})
    subject = subject_of(made.run, made.planner.artifact, made.planner.plan())
    created = made.run.ledger.last(made.run.id, ("release.created",)).body
    assert subject.configuration == digest(created["config"])
    assert subject.artifact == digest(made.planner.artifact.model_dump(mode="json"))
    assert subject.plan == made.planner.plan().digest


@pytest.mark.parametrize("name", ["windows", "freezes"])
def test_times_are_a_part_of_it(name: str) -> None:
    """Rules that are there, or are others, give another digest; without rules it is always the same."""

    def of(**rules: Any) -> str:
        environment = SimpleNamespace(model_dump=lambda mode: {"name": "production", **rules})
        run: Any = SimpleNamespace(environment=environment)
        return window_digest(run)

    assert of() == of(**{name: []})
    assert len({of(), of(**{name: ["a"]}), of(**{name: ["b"]})}) == 3
