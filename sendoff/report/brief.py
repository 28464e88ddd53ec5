"""What an approver reads above the form: the business first, then what will happen, then what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.gates import Answer, judge
from sendoff.plan.models import Plan
from sendoff.plan.render import NO_POINT, places, total
from sendoff.report.checked import check_lines
from sendoff.report.commits import commit_lines
from sendoff.report.hosts import table_of_hosts
from sendoff.report.markdown import bullets, document, escape, numbered
from sendoff.report.words import capital, count, moment, sentence, size
from sendoff.spec.intent import Intent
from sendoff.spec.models import Approval

MOST_BATCHES = 5


def brief(
    *,
    plan: Plan,
    intent: Intent,
    artifact: Artifact,
    commits: Sequence[Commit],
    checks: Sequence[Mapping[str, Any]],
    gate: Approval,
    answers: Sequence[Answer],
    durations: Mapping[str, float],
    when: Sequence[str] = (),
    note: str | None = None,
) -> str:
    """Write the brief; `checks` are bodies of `check.done`, `note` says why the last answer did not count."""
    return document(
        (
            f"**Your answer did not count: {escape(sentence(note))}**" if note else "",
            f"## {escape(intent.summary)}",
            bullets(_business(plan, intent)),
            "### What will happen",
            table_of_hosts("Now", "Then", places(plan, {})),
            numbered((escape(line), ()) for line in _steps(plan)),
            f"**Expected:** {escape(total(plan, durations))}",
            *(("### When", bullets(map(escape, when))) if when else ()),
            "### What was verified so far",
            bullets(_verified(artifact, checks)),
            "### Commits",
            bullets(commit_lines(commits)) or "No commits are known between what is live and this version.",
            "### Who has answered",
            bullets(_answers(gate, intent, plan, answers)),
            "### How it is undone",
            "When a check fails, what went live is switched back without anybody asked. "
            f"**Undo means more than a switch:** {escape(_beyond(plan))}",
            f"*plan code {plan.code}; the whole plan, with every command, is an artifact of this run*",
        )
    )


def _steps(plan: Plan) -> Iterator[str]:
    moves = [step for step in plan.steps if step.action == "go-live"]
    for step in plan.steps:
        if step.action != "go-live" or len(moves) <= MOST_BATCHES:
            yield capital(step.title)
        elif step is moves[0]:
            yield f"Go live in {len(moves)} batches, from {moves[0].hosts[0]} to {moves[-1].hosts[-1]}"


def _beyond(plan: Plan) -> str:
    if plan.beyond_switch is None:
        return NO_POINT
    point = plan.beyond_switch.partition(": ")[0]
    return f"{point}: the commands run there may have changed what switching back does not change back"


def _business(plan: Plan, intent: Intent) -> Iterator[str]:
    subject = plan.subject
    yield f"**What:** {escape(f'{subject.application} {subject.version} to {plan.environment}')}"
    yield f"**Why now:** {escape(intent.reason)}"
    note = f": {escape(intent.risk_note)}" if intent.risk_note.strip() else ""
    yield f"**Risk:** {intent.risk}{note}"
    yield f"**Requested by:** {escape(intent.requested_by)}"
    if intent.tickets:
        yield f"**Tickets:** {escape(', '.join(intent.tickets))}"


def _verified(artifact: Artifact, checks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    built = f"{count(artifact.files, 'file')}, {size(artifact.size)}, digest {artifact.digest[:12]}"
    yield escape(f"built once by {artifact.built_by}: {built}")
    yield from (f"check {line}" for line in check_lines(checks))
    if not checks:
        yield "no check has looked at it on a host of this environment yet"


def _answers(gate: Approval, intent: Intent, plan: Plan, answers: Sequence[Answer]) -> Iterator[str]:
    for number, answer in enumerate(answers, 1):
        then = judge(gate, intent.requested_by, plan.digest, answers[:number])
        comment = f": {answer.comment}" if answer.comment.strip() else ""
        line = f"{answer.approver.strip() or 'nobody'}, {moment(answer.at)}: {answer.decision}{comment}"
        yield escape(line) + ("" if then.last_counted else f" (did not count: {escape(then.said)})")
    verdict = judge(gate, intent.requested_by, plan.digest, answers)
    if verdict.missing:
        needed = f"{count(verdict.missing, 'more approval')} needed at {gate.name}, from {verdict.who_may}"
        yield f"**{escape(needed)}**"
