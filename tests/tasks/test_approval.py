"""The form that asks an approver."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sendoff.spec.models import Approval
from tasks.approval import form

NAMED = Approval(kind="approval", name="owner", approvers=("sam", "priya"))
OPEN = Approval(kind="approval", name="anyone")


def schema(gate: Approval) -> dict[str, Any]:
    return form(gate, "the brief").model_json_schema()


def test_decision_has_no_default() -> None:
    """Nobody approves by pressing Resume: a decision has to be made."""
    decision = schema(NAMED)["properties"]["decision"]
    assert decision["enum"] == ["approve", "reject"]
    assert "default" not in decision
    assert "decision" in schema(NAMED)["required"]


def test_approvers_are_a_dropdown() -> None:
    """Who is named may be chosen, and has to be."""
    assert schema(NAMED)["properties"]["approver"]["enum"] == ["sam", "priya"]
    assert "approver" in schema(NAMED)["required"]


def test_anybody_writes_a_name() -> None:
    """A gate that is open to anybody asks for a name as text."""
    approver = schema(OPEN)["properties"]["approver"]
    assert approver["type"] == "string"
    assert "enum" not in approver


def test_comment_may_be_empty() -> None:
    """An approval needs no comment."""
    assert "comment" not in schema(NAMED)["required"]


def test_every_field_is_described() -> None:
    """Each field says what it is for."""
    assert all(field["title"] and field["description"] for field in schema(NAMED)["properties"].values())


def test_brief_stands_above() -> None:
    """The text is shown as the form's description."""
    assert form(NAMED, "the brief")._description == "the brief"


@pytest.mark.parametrize(
    "given",
    [
        {"approver": "sam"},
        {"decision": "approve"},
        {"decision": "maybe", "approver": "sam"},
        {"decision": "approve", "approver": "mallory"},
        {"decision": "approve", "approver": "sam", "proved": True},
    ],
    ids=["no-decision", "nobody", "undecided", "stranger", "more"],
)
def test_wrong_answers_do_not_fit(given: dict[str, object]) -> None:
    """What does not fit the form is refused before any code of ours sees it."""
    with pytest.raises(ValidationError):
        form(NAMED, "the brief")(**given)
