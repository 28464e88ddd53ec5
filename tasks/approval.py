"""Ask people whether a release may go live. Plain functions: Prefect suspends flows, never tasks."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sendoff.gates import Answer, Barred, Subject, Verdict, judge, spoken_for
from sendoff.gates.later import read_later
from sendoff.gates.times import alarms, next_alarm, too_late, who_may_answer
from sendoff.ledger.models import End
from sendoff.plan.models import Plan
from sendoff.signers import Signer, StampRefused
from sendoff.spec.models import Approval
from tasks.alarms import sound_alarms
from tasks.answers import history_of
from tasks.approval_form import form
from tasks.asking import Given, answer_to, answered, kind_of_form
from tasks.fallen import let_fall
from tasks.gates import gates_of
from tasks.hold import hold, hold_while_unread
from tasks.planning import Planner
from tasks.run import Run
from tasks.subject import subject_of
from tasks.waking import wake_at
from tasks.when import why_it_waits


def agreed(run: Run, planner: Planner, plan: Plan) -> Plan | None:
    """Wait until everyone who has to has approved the plan, as it then is; None when they will not.

    After each answer, and after each hold, the facts are read again: an approval counts for what will be done
    and nothing else.
    Once traffic has moved nobody is asked any more: what has been begun is carried out, or undone.
    While a calendar cannot be read the release is held, so that no approval falls for that.
    """
    plan = planner.current(plan)
    while not run.has_switched() and declined(run) is None:
        hold_while_unread(run, "go-live")
        subject = subject_of(run, planner.artifact, plan)
        waiting = next((gate for gate in gates_of(run) if _waits(run, gate, subject)), None)
        if waiting is not None:
            plan = _ask(run, planner, plan, waiting, subject)
        elif gates_of(run) and hold(run, "go-live"):
            plan = planner.plan()
        else:
            return plan
    return None if declined(run) else plan


def declined(run: Run) -> End | None:
    """Tell how a release ends that people did not agree to; None when that is not so."""
    for gate in gates_of(run):
        if (history := history_of(run, gate)).is_over:
            return "expired" if history.has_expired else "rejected"
    return None


def _waits(run: Run, gate: Approval, subject: Subject) -> bool:
    let_fall(run, gate, subject)
    return _verdict(run, gate, subject).state == "waiting"


def _verdict(run: Run, gate: Approval, subject: Subject, *more: Answer) -> Verdict:
    answers = (*history_of(run, gate).answers, *more)
    return judge(gate, run.why.requested_by, subject, answers, run.now(), _barred(run, gate, subject))


def _barred(run: Run, gate: Approval, subject: Subject) -> tuple[Barred, ...]:
    """Name those who are spoken for at another gate: one person counts once in all."""
    gates, who, now = gates_of(run), run.why.requested_by, run.now()
    counted = {
        each.name: judge(each, who, subject, history_of(run, each).answers, now).counted for each in gates
    }
    return spoken_for(gate, gates, who, counted)


def _ask(run: Run, planner: Planner, plan: Plan, gate: Approval, subject: Subject) -> Plan:
    """Ask once, and record what was answered; gives the plan as it is by then.

    What was answered in time is looked at before the clock is: the run may have been slow to come back.
    """
    history, verdict, kind = history_of(run, gate), _verdict(run, gate, subject), kind_of_form(run)
    given = answered(form(kind, gate, subject.code, ""), history.key)
    if given is None:
        if not sound_alarms(run, gate, verdict):
            return plan
        text = planner.brief(plan, gate, subject, verdict, history_of(run, gate))
        write_down = partial(_write_down, run, gate, plan, subject, verdict, text)
        why = partial(why_it_waits, run)
        given = answer_to(form(kind, gate, subject.code, text), history.key, write_down, why)
    plan = planner.plan()
    if given is not None:
        _take(run, gate, subject_of(run, planner.artifact, plan), given)
    return plan


def _write_down(
    run: Run, gate: Approval, plan: Plan, subject: Subject, verdict: Verdict, text: str, question: str
) -> None:
    """Record what is asked, before it is, and have the run look again when something will be due."""
    now, history = run.now(), history_of(run, gate)
    wait = history.wait(now)
    body = {
        "gate": gate.name,
        "question": question,
        "plan_digest": plan.digest,
        "subject": subject.model_dump(),
        "code": subject.code,
        "missing": verdict.missing,
        "from": who_may_answer(gate, verdict, wait),
        "until": alarms(gate, wait).get("expire"),
        "brief": text,
    }
    run.record("approval.asked", body, key=f"asked-{question}-{subject.code}")
    if at := next_alarm(gate, wait, history.standing, now):
        wake_at(run, question, at)


def _take(run: Run, gate: Approval, subject: Subject, given: Given) -> None:
    """Record an answer, and whether it counts."""
    try:
        answer = _answer(run, gate, given)
    except StampRefused as refused:
        _refuse(run, gate, given.question, refused)
        return
    verdict = _verdict(run, gate, subject, answer)
    shown = answer.subject or subject
    body: dict[str, Any] = {
        **answer.model_dump(mode="json", exclude={"fell"}),
        "gate": gate.name,
        "plan_digest": shown.plan,
        "missing": verdict.missing,
        "counted": verdict.last_counted is True,
        "said": verdict.said,
    }
    run.record("approval.answered", body, key=given.question, actor=answer.approver or "nobody")
    run.say(f"{answer.approver or 'nobody'} answered {answer.decision!r} at {gate.name!r}: {verdict.said}")


def _refuse(run: Run, gate: Approval, question: str, refused: StampRefused) -> None:
    """Record an answer of which it is not proved who gave it, unless that is recorded already."""
    if question not in history_of(run, gate).refused:
        body = {"deed": "answer", "question": question, "who": refused.who, "said": str(refused)}
        run.record("stamp.refused", body, key=question, actor="nobody")
    run.say(f"an answer at {gate.name!r} was refused: {refused}")


def _answer(run: Run, gate: Approval, given: Given) -> Answer:
    """Read an answer; StampRefused when it is not proved who gave it where that has to be."""
    history, now, said = history_of(run, gate), run.now(), given.fields
    if not said:
        raise StampRefused("an answer did not fit its form; fill the form in")
    signer = given.by(run, said.get("approver", ""))
    wait = history.wait(now)
    at = min(now, signer.at or now)
    return Answer(
        approver=signer.name.strip(),
        groups=_groups(signer, said),
        decision=said["decision"],
        comment=said["comment"],
        until=_until(said, now),
        at=at,
        subject=history.shown(given.question),
        code=said["code"],
        question=given.question,
        escalated=wait.escalated,
        proved=signer.is_proved,
        nonce=signer.nonce,
        fell=too_late(gate, wait, at),
    )


def _groups(signer: Signer, said: dict[str, str]) -> tuple[str, ...]:
    """Tell of which groups somebody is: by the stamp, or else by what they say."""
    if signer.is_proved:
        return signer.groups
    return (said["group"],) if said.get("group") else ()


def _until(said: dict[str, str], now: datetime) -> str:
    """Write a while down as the time that it ends at; what cannot be read stays as it was written."""
    try:
        return read_later(said["until"], now).isoformat() if said["decision"] == "later" else ""
    except ValueError:
        return said["until"]
