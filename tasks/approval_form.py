"""The form that asks an approver."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, create_model

from sendoff.gates.judge import groups_asked
from sendoff.spec.models import Approval
from tasks.asking import Form, StampedForm

DECISION: Any = Literal["approve", "reject", "later"]
# A line each, and none where the title says it: what these take is taken from what people read above them.
ABOUT_DECISION = "There is no default. 'reject' needs a comment, 'later' a time"
ABOUT_GROUP = "The group that you answer for"
ABOUT_UNTIL = "Only for 'later': 30m, 2h, 1d, or 2026-12-01T09:00 (UTC)"
ABOUT_CODE = "Leave it: it ties your answer to what you have read"


def form(kind: type[Form], gate: Approval, code: str, text: str) -> type[Form]:
    """Make the form: a decision without a default, who decides and for whom, and why.

    Where people sign in the server says who they are, and of which groups.
    """
    fields = {"decision": (DECISION, Field(title="Decision", description=ABOUT_DECISION))}
    fields |= {} if issubclass(kind, StampedForm) else _who(gate)
    fields |= {
        "comment": (str, Field("", title="Comment")),
        "until": (str, Field("", title="Until", description=ABOUT_UNTIL)),
        "code": (str, Field(code, title="Code", description=ABOUT_CODE)),
    }
    return _model(kind, fields).with_initial_data(description=text)


def _model(kind: type[Form], fields: Any) -> type[Form]:
    return create_model("Approval", __base__=kind, **fields)


def _who(gate: Approval) -> dict[str, Any]:
    # The same for every question of a gate: an answer is read with the form of a later process.
    named: Any = Literal[gate.approvers] if gate.approvers and not gate.escalate_to else str
    fields: dict[str, Any] = {"approver": (named, Field(title="Approver"))}
    if not (groups := groups_asked(gate)):
        return fields
    first: Any = groups[0] if len(groups) == 1 else ...
    return fields | {"group": (Literal[groups], Field(first, title="Group", description=ABOUT_GROUP))}
