"""The parts of a report below its opening: hosts, checks, commits, the way back, and facts for auditors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendoff.artifact.manifest import Commit
from sendoff.ledger.models import Event
from sendoff.model import short
from sendoff.report.checked import check_lines
from sendoff.report.commits import commit_lines
from sendoff.report.emergency import what_it_skips
from sendoff.report.hosts import table_of_hosts
from sendoff.report.markdown import bullets, document, escape, table, with_code
from sendoff.report.story import Story, version_words
from sendoff.report.words import count, duration, listing, moment
from sendoff.spec.intent import THE_SCHEDULE


def hosts(story: Story) -> Iterator[str]:
    """Show what is live on each host now, and what was before."""
    if story.places:
        yield "## Hosts"
        yield table_of_hosts(
            "Live now",
            "Before",
            ((place.host, version_words(place.now), version_words(place.before)) for place in story.places),
        )


def checks(story: Story) -> Iterator[str]:
    """Tell what each check came to: those that failed one by one, those that passed in sum."""
    if story.checks:
        yield "## Checks"
        yield bullets(check_lines(story.timed_checks))


def canary(story: Story) -> Iterator[str]:
    """Tell what share of the traffic the release had, for how long, and what was compared meanwhile."""
    if not story.shares:
        return
    yield "## Canary"
    passed = {(body["host"], body["step"]) for body in (each.body for each in story.all("canary.passed"))}
    rows = (
        (
            body["host"],
            f"{body['weight']} %",
            duration(body["soak"]),
            "passed" if (body["host"], body["step"]) in passed else "not passed",
        )
        for body in story.shares
    )
    yield table(("Where", "Share of the traffic", "To be watched for", "Came to"), rows)
    compared = [each.body for each in story.all("canary.compared")]
    if compared:
        yield bullets(escape(f"{each['host']}, step {each['step']}: {each['said']}") for each in compared)


def commits(story: Story) -> Iterator[str]:
    """List the commits since the version that was live."""
    known = [Commit.model_validate(commit) for commit in story.last("release.built").get("commits") or ()]
    if known:
        yield "## Commits"
        yield bullets(commit_lines(known))


def way_back(story: Story) -> Iterator[str]:
    """Tell how to roll back what is live now."""
    if story.end != "live":
        return
    yield "## How to undo this"
    before = dict.fromkeys(version_words(place.before) for place in story.places if place.before)
    before.pop(story.version, None)
    if not before:
        yield "Nothing was live before: there is no release to go back to yet."
        return
    application, environment = escape(story.application), escape(story.environment)
    yield (
        f"To return to {escape(listing(before, last='or'))}: start the deployment **rollback** with "
        f"application **{application}** and environment **{environment}**, or type"
    )
    yield _printable(f"    sendoff rollback {story.application} --env {story.environment}")
    if beyond := story.plan.get("beyond_switch"):
        yield f"**Undo means more than a switch:** {with_code(beyond)}"


def said(story: Story) -> Iterator[str]:
    """Quote what was said at the end when it is more than one line, such as the last lines of a build."""
    lines = story.said.splitlines()
    if len(lines) > 1:
        yield "## What was said"
        yield "\n".join(f"    {_printable(line)}" for line in lines)


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line)


def for_auditors(story: Story) -> str:
    """List what an auditor asks for: digests, plan code, run, actors, ledger, and every answer."""
    # No fold: one of Prefect's two pages does not fold Markdown, and leaves its frame empty.
    facts = (f"{name}: {escape(value)}" for name, value in _facts(story) if value)
    lines = (*facts, *_answers(story), *_decisions(story), *_holds(story))
    return document(("## Facts for auditors", bullets(lines))).rstrip("\n")


def _answers(story: Story) -> Iterator[str]:
    for event in story.events:
        if event.kind == "approval.answered":
            yield escape(_answer(event))
        elif event.kind in ("approval.void", "approval.escalated", "approval.expired", "stamp.refused"):
            gate = f", gate {event.body['gate']}" if event.body.get("gate") else ""
            yield escape(f"{moment(event.at)}{gate}: {event.body.get('said')}")


def _answer(event: Event) -> str:
    body = event.body
    groups = f" of {listing(body['groups'])}" if body.get("groups") else ""
    comment = f", {body['comment']!r}" if body.get("comment") else ""
    counted = "it counted" if body.get("counted") else f"it did not count: {body.get('said')}"
    code = f" for the code {short(body['subject'])}" if body.get("subject") else ""
    return (
        f"{moment(event.at)}, gate {body.get('gate')}: {body.get('approver')}{groups}{_proved(body)} "
        f"answered {body.get('decision')}{code}{comment}; {counted}"
    )


def _decisions(story: Story) -> Iterator[str]:
    for event in story.all("trouble.answered"):
        body = event.body
        what = (
            repr(body["decision"]) if body["decision"] else "it"
        )  # nothing was decided by what fits no form
        counted = "it counted" if body.get("counted") else f"{what} did not count"
        who = f"{body['who']}{_proved(body)}" if body.get("who") else "nobody"
        yield escape(f"{moment(event.at)}, as {body['broke']}, {who}: {body['said']}; {counted}")


def _proved(body: Mapping[str, Any]) -> str:
    """Say whether it is known who it was."""
    return " (signed in)" if body.get("proved") else " (not proved)"


def _holds(story: Story) -> Iterator[str]:
    for event in story.events:
        body = event.body
        if event.kind == "release.held":
            yield escape(f"{moment(event.at)}, held before {body.get('place')}: {body.get('said')}")
        elif event.kind == "release.let_go":
            yield f"{moment(event.at)}, not held any more"
        elif event.kind == "hold.answered":
            proved = "" if body.get("proved") else " (not proved)"
            counted = "it counted" if body.get("counted") else "it did not count"
            said = f"{body.get('who') or 'nobody'}{proved}: {body.get('said')}; {counted}"
            yield escape(f"{moment(event.at)}, held by a freeze, {said}")


def _requested(story: Story) -> tuple[str, object]:
    who = story.intent.get("requested_by")
    if who == THE_SCHEDULE and story.created.get("proved"):
        return "Requested", f"by {who}"  # nobody has signed in
    return "Requested by", f"{who}{_proved(story.created)}" if who else None


def _facts(story: Story) -> Iterator[tuple[str, object]]:
    planned = str(story.last("release.planned").get("plan_digest") or "")
    commit = story.artifact.get("commit") or {}
    yield "Run", story.created.get("run")
    yield "Flow", story.created.get("flow")
    yield _requested(story)
    yield "Why now", story.intent.get("reason")
    yield "Risk", ": ".join(str(story.intent[key]) for key in ("risk", "risk_note") if story.intent.get(key))
    yield "Emergency", what_it_skips(story.created)
    yield "Tickets", ", ".join(map(str, story.intent.get("tickets") or ()))
    yield "Artifact digest", story.artifact.get("digest")
    yield "Built by", story.artifact.get("built_by")
    yield "Commit", commit.get("sha")
    yield "Configuration digest", story.created.get("config_digest")
    yield "Plan code", planned[:8]
    yield "Plan digest", planned
    yield "Actors", ", ".join(dict.fromkeys(event.actor for event in story.events))
    if story.events:
        first, last = story.events[0], story.events[-1]
        yield "Ledger", f"{count(len(story.events), 'event')}, numbers {first.number} to {last.number}"
        yield "Hash of the last event", last.hash
        yield "From, to", f"{moment(first.at)}, {moment(last.at)}"
