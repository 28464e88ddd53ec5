"""A plan as people read it: in a terminal, above a form, or as its canonical JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sendoff.artifact.manifest import version_of
from sendoff.model import canonical
from sendoff.plan.models import HostState, Plan, Preview, Step
from sendoff.report.emergency import EMERGENCY, red
from sendoff.report.hosts import STAYS, table_of_hosts
from sendoff.report.markdown import bullets, document, escape, numbered, with_code
from sendoff.report.words import capital, count, duration, listing, moment, size

UNKNOWN = "not known yet: no release has done this"
PEOPLE = "as long as people take"
NOTHING = "nothing to undo: "
NO_POINT = "at no point: switching back undoes all of it"


def as_json(plan: Plan | Preview) -> str:
    """Give the canonical form, of which the digest is made."""
    return canonical(plan).decode()


def as_text(
    plan: Plan | Preview,
    durations: Mapping[str, float],
    live_since: Mapping[str, datetime] | None = None,
    when: Sequence[str] = (),
) -> str:
    """Show the plan in a terminal; durations (seconds) are by step id or action, `live_since` by host."""
    lines = [
        headline(plan),
        *(f"  {line}" for line in facts(plan)),
        "",
        "What is where, and what would be",
        *_columns([("host", "now", "then"), *places(plan, live_since or {})]),
        *(["", "When", *(f"  {line}" for line in when)] if when else []),
        "",
        "Steps",
        *(line for number, step in enumerate(plan.steps, 1) for line in _step_text(number, step, durations)),
        "",
        f"Undo means more than a switch: {plan.beyond_switch or NO_POINT}",
        *(["", "Gates and checks"] if plan.conditions else []),
        *(f"  {each.kind} {each.name}: {each.said}" for each in plan.conditions),
        "",
        f"Expected: {total(plan, durations)}",
        identity(plan),
    ]
    return "\n".join(lines) + "\n"


def as_markdown(plan: Plan | Preview, durations: Mapping[str, float], when: Sequence[str] = ()) -> str:
    """Show the plan as Markdown, for the plan artifact and above an approval form."""
    return document(
        (
            red() if plan.skipped else "",
            f"## {escape(headline(plan))}",
            bullets(escape(line) for line in facts(plan)),
            "### What is where, and what would be",
            table_of_hosts("Now", "Then", places(plan, {})),
            *(("### When", bullets(map(escape, when))) if when else ()),
            "### Steps",
            numbered(_steps(plan, durations)),
            f"**Undo means more than a switch:** {with_code(plan.beyond_switch or NO_POINT)}",
            *_conditions(plan),
            f"**Expected:** {escape(total(plan, durations))}",
            f"*{escape(identity(plan))}*",
        )
    )


def headline(plan: Plan | Preview) -> str:
    """Say what the plan is for, such as `Release storefront 2.4.1 to production`."""
    subject = plan.subject
    if plan.kind == "rollback":
        return f"Roll {subject.application} in {plan.environment} back to {subject.version}"
    mark = f"{EMERGENCY}: " if plan.skipped else ""
    return f"{mark}Release {subject.application} {subject.version} to {plan.environment}"


def facts(plan: Plan | Preview) -> Iterator[str]:
    """Say what is released."""
    subject = plan.subject
    if plan.skipped:
        yield f"{EMERGENCY}: it skips {listing(plan.skipped)}; a second person has to agree to that"
    if isinstance(plan, Preview):
        source = f"commit {plan.subject.commit[:12]}" if plan.subject.commit else "its source"
        yield f"not built yet: it will be built from {source} first"
    else:
        artifact = plan.subject
        yield f"artifact {artifact.digest[:12]}: {count(artifact.files, 'file')}, {size(artifact.size)}"
        if subject.commit:
            yield f"commit {subject.commit[:12]}"


def places(plan: Plan | Preview, since: Mapping[str, datetime]) -> Iterator[tuple[str, str, str]]:
    """Give for each host its name, what is live now, and what would be."""
    wanted = plan.subject.release_name if isinstance(plan, Plan) else None
    for state in plan.now:
        now = version_of(state.live) if state.live else "nothing"
        known = f" (since {moment(since[state.host])})" if state.live and state.host in since else ""
        yield state.host, now + known, _then(plan, state, wanted)


def _then(plan: Plan | Preview, state: HostState, wanted: str | None) -> str:
    if state.host in plan.left_out:
        return f"{STAYS}, left out"
    return STAYS if state.live and state.live == wanted else plan.subject.version


def expected(step: Step, durations: Mapping[str, float]) -> str:
    """Say how long a step will take, as far as past releases tell."""
    if step.action == "approve":
        return PEOPLE
    known = _seconds(step, durations)
    return UNKNOWN if known is None else f"about {duration(known)}, from past releases"


def total(plan: Plan | Preview, durations: Mapping[str, float]) -> str:
    """Say how long all of it will take, people aside."""
    worked = [_seconds(step, durations) for step in plan.steps if step.action != "approve"]
    known = [seconds for seconds in worked if seconds is not None]
    people = ", and as long as people take to approve" if plan.gates else ""
    if not known:
        return UNKNOWN + people
    how = "about" if len(known) == len(worked) else "at least"
    return f"{how} {duration(sum(known))}, from past releases{people}"


def identity(plan: Plan | Preview) -> str:
    """Name the plan by code and digest; a preview has none that could be agreed to."""
    if isinstance(plan, Preview):
        return "no plan code: there is one once the version is built"
    return f"plan code {plan.code}, digest {plan.digest}"


def _seconds(step: Step, durations: Mapping[str, float]) -> float | None:
    return durations.get(step.id, durations.get(step.action))


def _steps(plan: Plan | Preview, durations: Mapping[str, float]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for step in plan.steps:
        undo = step.undo
        if undo.startswith(NOTHING):
            undo = f"not needed: {undo.removeprefix(NOTHING)}"
        below = (*step.does, f"Undo: {undo}", f"Expected: {expected(step, durations).split(':')[0]}")
        yield f"**{escape(capital(step.title))}**", tuple(with_code(capital(line)) for line in below)


def _conditions(plan: Plan | Preview) -> Iterator[str]:
    if plan.conditions:
        yield "### Gates and checks"
        yield bullets(
            f"**{each.kind.capitalize()} {escape(each.name)}:** {with_code(each.said)}"
            for each in plan.conditions
        )


def _step_text(number: int, step: Step, durations: Mapping[str, float]) -> Iterator[str]:
    yield f"  {number}. {step.title}"
    yield from (f"       {line}" for line in step.does)
    yield f"       undo: {step.undo}"
    yield f"       expected: {expected(step, durations)}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
