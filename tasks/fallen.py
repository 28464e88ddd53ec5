"""Let approvals fall that are not of what would be done now, or that are too old."""

from __future__ import annotations

from collections.abc import Sequence

from sendoff.gates import Answer, Subject, changed
from sendoff.gates.times import expires
from sendoff.report.words import listing, moment
from sendoff.spec.models import Approval
from tasks.answers import history_of
from tasks.run import Run


def let_fall(run: Run, gate: Approval, subject: Subject) -> None:
    """Record which approvals of a gate have fallen since, and why; they never count again."""
    history = history_of(run, gate)
    if history.is_over:
        return
    if history.asked and history.asked != subject:
        _changed(run, gate, history.standing, history.asked, subject)
        return
    for answer in history.standing:
        at = expires(gate, answer)
        if at is not None and at <= run.now():
            said = f"the approval of {answer.approver} at {gate.name!r} has expired at {moment(at)}"
            _record(run, gate, [answer], said, {"why": "expired", "changed": []})


def _changed(run: Run, gate: Approval, standing: Sequence[Answer], old: Subject, new: Subject) -> None:
    parts = changed(old, new)
    names = listing(answer.approver for answer in standing)
    whose = f"; what {names} agreed to is void" if standing else ""
    said = f"what was asked at {gate.name!r} has changed: {listing(parts)}{whose}; it is asked again"
    subjects = {"was": old.model_dump(), "subject": new.model_dump(), "code": new.code}
    _record(run, gate, standing, said, {"why": "changed", "changed": list(parts), **subjects})


def _record(run: Run, gate: Approval, fallen: Sequence[Answer], said: str, more: dict[str, object]) -> None:
    body = {
        "gate": gate.name,
        "answers": [answer.question for answer in fallen],
        "approvers": [answer.approver for answer in fallen],
        "said": said,
        **more,
    }
    run.record("approval.void", body, actor="nobody")
    run.say(said)
