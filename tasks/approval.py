"""Ask people whether a release may go live. Plain functions: Prefect suspends flows, never tasks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, create_model

from sendoff.gates import Answer, Verdict, judge
from sendoff.plan.models import Plan
from sendoff.spec.models import Approval
from tasks.answers import answers
from tasks.asking import Form, answer_to
from tasks.gates import gates_of
from tasks.planning import Planner
from tasks.run import Run


def agreed(run: Run, planner: Planner, plan: Plan) -> Plan | None:
    """Wait until everyone who has to has approved the plan, as it then is; None when somebody rejected it.

    After each answer the facts are read again, so an approval counts for what will be done and nothing else.
    """
    plan = planner.current(plan)
    while True:
        verdicts = {gate.name: _verdict(run, gate, plan) for gate in gates_of(run)}
        if any(verdict.state == "rejected" for verdict in verdicts.values()):
            return None
        waiting = [gate for gate in gates_of(run) if verdicts[gate.name].state == "waiting"]
        if not waiting:
            return plan
        _ask(run, waiting[0], plan, planner.brief(plan, waiting[0], verdicts[waiting[0].name]))
        plan = planner.plan()


def form(gate: Approval, text: str) -> type[Form]:
    """Make the form: a decision without a default, who decides, and why."""
    approver: Any = Literal[gate.approvers] if gate.approvers else str
    model = create_model(
        "Approval",
        __base__=Form,
        decision=(
            Literal["approve", "reject"],
            Field(title="Decision", description="May it go live? There is no default"),
        ),
        approver=(approver, Field(title="Approver", description="Who you are")),
        comment=(
            str,
            Field(
                "", title="Comment", description="Why; a rejection needs a reason, an approval may have one"
            ),
        ),
    )
    return model.with_initial_data(description=text)


def _verdict(run: Run, gate: Approval, plan: Plan) -> Verdict:
    return judge(gate, run.why.requested_by, plan.digest, answers(run, gate))


def _ask(run: Run, gate: Approval, plan: Plan, text: str) -> None:
    number = len(answers(run, gate)) + 1
    key = f"approval-{gate.name}-{number}"
    about = {"gate": gate.name, "plan_digest": plan.digest, "brief": text}
    asked = run.record("approval.asked", about, key=f"asked-{key}")
    given = answer_to(form(gate, text), key)
    if given is None:
        return
    answer = Answer(at=run.now(), plan_digest=asked.body["plan_digest"], **given.fields)
    verdict = judge(gate, run.why.requested_by, plan.digest, [*answers(run, gate), answer])
    body = {
        **answer.model_dump(mode="json", exclude={"at"}),
        "gate": gate.name,
        "proved": False,
        "counted": verdict.last_counted is True,
        "said": verdict.said,
    }
    run.record("approval.answered", body, key=key, actor=answer.approver or "nobody")
    run.say(f"{answer.approver or 'nobody'} answered {answer.decision!r} at {gate.name!r}: {verdict.said}")
