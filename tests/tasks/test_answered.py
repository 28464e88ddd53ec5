"""An answer that Prefect has taken counts, also when the process died that was to write it down."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.spec.models import Approval
from tasks import answered as module
from tasks.answered import answered_before
from tasks.approval import form

FORM = form(Approval(kind="approval", name="owner", approvers=("sam",)), "the brief")
KEY = "suspended-approval-owner-1"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Prefect keeps of the run's inputs."""
    inputs: dict[str, Any] = {}
    monkeypatch.setattr(module, "read_flow_run_input", inputs.get)
    monkeypatch.setattr(module, "delete_flow_run_input", inputs.pop)
    return inputs


def test_answer_is_taken(kept: dict[str, Any]) -> None:
    """Nobody is asked again for what they have answered."""
    kept[f"{KEY}-response"] = {"decision": "approve", "approver": "sam", "comment": "go"}
    given: Any = answered_before(FORM, "approval-owner-1")
    assert (given.decision, given.approver, given.comment) == ("approve", "sam", "go")


def test_form_is_shown_again(kept: dict[str, Any]) -> None:
    """What is left of a form that nobody has answered makes room for the next, and no other is touched."""
    kept |= {f"{KEY}-schema": {}, f"{KEY}-description": "old", "suspended-approval-owner-2-schema": {}}
    assert answered_before(FORM, "approval-owner-1") is None
    assert list(kept) == ["suspended-approval-owner-2-schema"]


def test_never_asked(kept: dict[str, Any]) -> None:
    """The first time there is nothing to find."""
    assert answered_before(FORM, "approval-owner-1") is None
