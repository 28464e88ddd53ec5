"""What an approver reads above the form: first what has to be read, as little shows without scrolling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.gates import Subject, Verdict, judge
from sendoff.gates.history import History
from sendoff.gates.times import Wait, alarms, who_may_answer
from sendoff.model import Frozen
from sendoff.plan.models import Plan
from sendoff.plan.render import NO_POINT, places, total
from sendoff.report.checked import check_lines
from sendoff.report.commits import commit_lines
from sendoff.report.emergency import red, what_it_skips
from sendoff.report.hosts import moves, table_of_hosts
from sendoff.report.markdown import bullets, document, escape, numbered
from sendoff.report.words import capital, count, duration, listing, moment, refused, sentence, size
from sendoff.reviews import Review
from sendoff.spec.intent import Intent
from sendoff.spec.models import Approval

MOST_BATCHES = 5


class Earlier(Frozen):
    """What is known of a release from the environment before: when it went live there, and its checks."""

    environment: str
    since: datetime
    checks: tuple[dict[str, Any], ...]


def brief(
    *,
    plan: Plan,
    intent: Intent,
    artifact: Artifact,
    commits: Sequence[Commit],
    earlier: Earlier | None,
    checks: Sequence[Mapping[str, Any]],
    gate: Approval,
    subject: Subject,
    verdict: Verdict,
    history: History,
    durations: Mapping[str, float],
    now: datetime,
    when: Sequence[str] = (),
    reviews: Sequence[Review] = (),
) -> str:
    """Write the brief; `checks` are bodies of `check.done` of this environment, `reviews` its open ones."""
    wait = history.wait(now)
    missing = list(_missing(gate, verdict, wait))
    last = history.uncounted
    return document(
        (
            red() if intent.emergency else "",
            *(f"**{escape(line)}**" for line in _emergency(intent, reviews)),
            f"**{escape(refused(last.who, last.why))}**" if last else "",
            *(f"**{escape(sentence(capital(each)))}**" for each in _news(gate, history, wait, now)),
            f"## {escape(f'{_what(plan)}: risk {intent.risk}')}",
            bullets((*_first(plan, gate, subject, verdict, wait), *_business(intent))),
            "### What will happen",
            table_of_hosts("Now", "Then", places(plan, {})),
            numbered((escape(line), ()) for line in _steps(plan)),
            f"**Expected:** {escape(total(plan, durations))}",
            *(("### When", bullets(map(escape, when))) if when else ()),
            "### What was verified so far",
            bullets(_verified(artifact, earlier, checks)),
            "### Commits",
            bullets(commit_lines(commits)) or "No commits are known between what is live and this version.",
            "### Who has answered",
            bullets(_answers(gate, intent, subject, history, now)),
            *(("### Who is missing", bullets(missing)) if missing else ()),
            "### How it is undone",
            "When a check fails, what went live is switched back without anybody asked. "
            f"**Undo means more than a switch:** {escape(_beyond(plan))}",
            f"*code {subject.code}: of the artifact, the release file, the plan, the reason and the times at "
            "which it may be released, all together; compare it with what others have seen. If one of them "
            "changes, you are asked again. "
            f"plan code {plan.code}; the whole plan, with every command, is an artifact of this run*",
        )
    )


def _emergency(intent: Intent, reviews: Sequence[Review]) -> Iterator[str]:
    """Say that this is an emergency, and which earlier ones nobody has looked at yet."""
    if skips := what_it_skips({"why": intent.model_dump(mode="json")}):
        yield skips
    for each in reviews:
        yield f"The review of {each.title} is still open: it {each.said}."


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


def _news(gate: Approval, history: History, wait: Wait, now: datetime) -> Iterator[str]:
    """Say first what is not as it was when people looked last."""
    if fallen := history.fallen:
        yield fallen
    if wait.escalated:
        waited = duration((now - wait.since).total_seconds())
        yield f"it waits for {waited}, so anybody of {gate.escalate_to} may answer as well"
    if wait.later and wait.later > now:
        yield f"somebody asked to be asked again at {moment(wait.later)}; others may answer before"


def _what(plan: Plan) -> str:
    return f"{plan.subject.application} {plan.subject.version} to {plan.environment}"


def _first(plan: Plan, gate: Approval, subject: Subject, verdict: Verdict, wait: Wait) -> Iterator[str]:
    """Say in a line each what nobody should agree without having read."""
    yield f"**Code:** {subject.code}, short for all that you agree to"
    yield f"**Changes:** {escape(moves(places(plan, {})))}"
    needed = f"{count(verdict.missing, 'more approval')} needed at {gate.name}"
    yield f"**Missing:** {escape(f'{needed}, from {who_may_answer(gate, verdict, wait)}')}"
    end = alarms(gate, wait).get("expire")
    yield f"**By when:** {f'{moment(end)}, when it expires' if end else 'there is no time limit'}"


def _business(intent: Intent) -> Iterator[str]:
    yield f"**What changes for whom:** {escape(intent.summary)}"
    yield f"**Why now:** {escape(intent.reason)}"
    if intent.risk_note.strip():
        yield f"**What could go wrong:** {escape(intent.risk_note)}"
    yield f"**Requested by:** {escape(intent.requested_by)}"
    if intent.tickets:
        yield f"**Tickets:** {escape(', '.join(intent.tickets))}"


def _verified(
    artifact: Artifact, earlier: Earlier | None, checks: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    built = f"{count(artifact.files, 'file')}, {size(artifact.size)}, digest {artifact.digest[:12]}"
    at = moment(datetime.fromisoformat(artifact.built_at))
    yield escape(f"built once by {artifact.built_by}, {at}: {built}")
    if earlier:
        where = f"in {earlier.environment}, live since {moment(earlier.since)}"
        yield from (f"{escape(where)}: check {line}" for line in check_lines(earlier.checks))
        if not earlier.checks:
            yield escape(f"{where}; no check was made there")
    yield from (f"check {line}" for line in check_lines(checks))
    if not checks:
        yield "no check has looked at it on a host of this environment yet"


def _answers(
    gate: Approval, intent: Intent, subject: Subject, history: History, now: datetime
) -> Iterator[str]:
    answers = history.answers
    lines: list[tuple[datetime, str]] = []
    for number, answer in enumerate(answers, 1):
        then = judge(gate, intent.requested_by, subject, answers[:number], now)
        groups = f" ({listing(answer.groups)})" if answer.groups else ""
        comment = f": {answer.comment}" if answer.comment.strip() else ""
        who = f"{answer.approver.strip() or 'nobody'}{groups}"
        line = f"{who}, {moment(answer.at)}: {answer.decision}{comment}"
        lines.append((answer.at, escape(line) + ("" if then.last_counted else _not_counted(then.said))))
    for each in history.refusals:
        line = f"{each.who or 'somebody'}, {moment(each.at)}: an answer"
        lines.append((each.at, escape(line) + _not_counted(each.why)))
    yield from (line for _, line in sorted(lines, key=itemgetter(0)))
    if not lines:
        yield "nobody yet"


def _not_counted(why: str) -> str:
    return f" (did not count: {escape(why)})"


def _missing(gate: Approval, verdict: Verdict, wait: Wait) -> Iterator[str]:
    for seat in verdict.seats if gate.approvals else ():
        taken = listing(seat.taken, otherwise="nobody yet")
        yield escape(f"{seat.group}: {len(seat.taken)} of {seat.count} ({taken})")
    times = alarms(gate, wait)
    if at := times.get("remind"):
        yield f"people are reminded at {moment(at)}"
    if at := times.get("escalate"):
        yield escape(f"{gate.escalate_to} is asked as well at {moment(at)}")
    if at := times.get("expire"):
        yield f"it expires at {moment(at)}: then the release ends, neither failed nor rejected"
    if gate.answers_expire is not None:
        yield f"an approval counts for {duration(gate.answers_expire)}"
