"""The form that asks an approver."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sendoff.spec.models import Approval, Quorum
from tasks.approval_form import form as make
from tasks.asking import Form, StampedForm

NAMED = Approval(kind="approval", name="owner", approvers=("sam", "priya"))
OPEN = Approval(kind="approval", name="anyone")


GROUPS = Approval(
    kind="approval",
    name="both",
    approvals=(Quorum(group="product"), Quorum(group="ops", count=2)),
    escalate_after=60,
    escalate_to="duty",
)


def form(gate: Approval, kind: type[Form] = Form) -> type[Form]:
    return make(kind, gate, "c0dec0de", "the brief")


def schema(gate: Approval, kind: type[Form] = Form) -> dict[str, Any]:
    return form(gate, kind).model_json_schema()


def test_decision_has_no_default() -> None:
    """Nobody approves by pressing Resume: a decision has to be made."""
    decision = schema(NAMED)["properties"]["decision"]
    assert decision["enum"] == ["approve", "reject", "later"]
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


@pytest.mark.parametrize("gate", [NAMED, OPEN, GROUPS])
def test_every_field_is_described_in_a_line(gate: Approval) -> None:
    """Each has a title; what that does not say fits into one line, as each line is taken from the brief."""
    fields = schema(gate)["properties"]
    assert all(field["title"] for field in fields.values())
    described = {name: len(field["description"]) for name, field in fields.items() if "description" in field}
    assert described.keys() == fields.keys() - {"approver", "comment"}
    assert max(described.values()) <= 65


def test_groups_are_a_dropdown() -> None:
    """Who answers says for which group, with the one that is asked when nobody else answers."""
    group = schema(GROUPS)["properties"]["group"]
    assert group["enum"] == ["product", "ops", "duty"]
    assert "group" in schema(GROUPS)["required"]
    assert "group" not in schema(NAMED)["properties"]


def test_others_may_be_asked_than_are_named() -> None:
    """Where it may be escalated to a group, a list of names would keep that out."""
    named = NAMED.model_copy(update={"escalate_after": 60.0, "escalate_to": "duty"})
    assert "enum" not in schema(named)["properties"]["approver"]
    assert schema(named)["properties"]["group"]["const"] == "duty"


@pytest.mark.parametrize("gate", [NAMED, OPEN, GROUPS])
def test_nobody_is_asked_who_they_are_where_people_sign_in(gate: Approval) -> None:
    """The server knows, and says so in its stamp."""
    assert list(schema(gate, StampedForm)["properties"]) == ["stamp", "decision", "comment", "until", "code"]


def test_the_code_goes_back_with_the_answer() -> None:
    """A page that was opened before something changed says so by itself."""
    code = schema(NAMED)["properties"]["code"]
    assert (code["type"], code["default"]) == ("string", "c0dec0de")


def test_brief_stands_above() -> None:
    """The text is shown as the form's description."""
    assert form(NAMED)._description == "the brief"


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
        form(NAMED)(**given)
