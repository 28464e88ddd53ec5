"""How far a release is, from its events. Pure; tolerant of plans that other versions of Sendoff wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sendoff.ledger.models import Event
from sendoff.model import Frozen
from sendoff.report.emergency import marked

DONE = {
    "preflight": "hosts looked at",
    "deploy": "deployed",
    "check-dark": "checked before traffic",
    "go-live": "live",
    "prune": "tidied up",
}


class Phase(Frozen):
    """One kind of work, counted in hosts, or in one piece."""

    name: str
    done: int
    of: int


class Waiting(Frozen):
    """A gate that people have to open, and how many of them are missing."""

    gate: str
    missing: int
    since: datetime


class Question(Frozen):
    """Something broke, and people are asked what to do; `otherwise` is done when the time is up."""

    broke: str
    since: datetime
    until: datetime
    otherwise: str


class Held(Frozen):
    """It may not go on now: why, and the next moment at which it may, as far as that is known."""

    said: str
    since: datetime
    until: datetime | None


class Progress(Frozen):
    """A release as it stands: what it is about, its phases, what it waits for, and how it ended."""

    release: str
    title: str
    by: str
    since: datetime
    phases: tuple[Phase, ...]
    doing: str
    waiting: Waiting | None
    question: Question | None = None
    held: Held | None = None
    end: str | None
    said: str


def progress(events: Sequence[Event]) -> Progress:
    """Tell how far a release is; `events` are all of its own, from `release.created` on."""
    created, ended = events[0], _newest(events, "release.ended")
    phases, waiting = _phases(events), _waiting(events)
    return Progress(
        release=created.release,
        title=title(created),
        by=created.actor,
        since=created.at,
        phases=phases,
        doing=_doing(phases),
        waiting=None if ended else waiting,
        question=None if ended else _question(events),
        held=None if ended else _held(events),
        end=ended.body.get("end", "ended") if ended else None,
        said=ended.body.get("said", "") if ended else "",
    )


def title(created: Event) -> str:
    """Name a release in words, such as `storefront 2.4.1 to production`."""
    body = created.body
    flow = "" if body.get("flow", "release") == "release" else f"{body['flow']} of "
    place = f"{body.get('version') or ''} to {body.get('environment')}".strip()
    return marked(f"{flow}{body.get('application')} {place}", body)


def scope(application: str, environment: str) -> str:
    """Say for what the line is stopped."""
    match (application, environment):
        case ("", ""):
            return "all releases"
        case (_, ""):
            return f"all releases of {application}"
        case ("", _):
            return f"all releases to {environment}"
    return f"releases of {application} to {environment}"


def _phases(events: Sequence[Event]) -> tuple[Phase, ...]:
    planned = _newest(events, "release.planned")
    if planned is None:
        return (Phase(name="built", done=_count(events, "release.built"), of=1),)
    hosts = _hosts(planned.body.get("plan", {}))
    done = {action: _served(events, action, named) for action, named in hosts.items()}
    if "go-live" in hosts:
        done["go-live"] = _live(events, planned) & hosts["go-live"]
    return tuple(Phase(name=DONE[action], done=len(done[action]), of=len(hosts[action])) for action in hosts)


def _hosts(plan: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for step in plan.get("steps", ()):
        if step.get("hosts") and step.get("action") in DONE:
            found.setdefault(step["action"], set()).update(step["hosts"])
    return found


def _served(events: Sequence[Event], action: str, named: set[str]) -> set[str]:
    """Find the hosts on which an action is done; a step without a host was about all of them."""
    hosts = [
        event.body.get("host")
        for event in events
        if event.kind == "step.done" and event.body.get("action") == action and not event.body.get("failed")
    ]
    return set(named) if None in hosts else {str(host) for host in hosts} & named


def _live(events: Sequence[Event], planned: Event) -> set[str]:
    release = planned.body["plan"].get("subject", {}).get("release_name")
    live = {
        str(event.body.get("host")): event.body.get("release_name")
        for event in events
        if event.kind == "host.live"
    }
    return {host for host, name in live.items() if name == release}


def _waiting(events: Sequence[Event]) -> Waiting | None:
    asked = _newest(events, "approval.asked")
    if asked is None or _newest(events, "approval.expired"):
        return None
    # Answers to what was asked before have fallen: an approval is of exactly one subject.
    ours = [
        event.body
        for event in events
        if event.kind == "approval.answered" and _is_about(event, asked) and event.body.get("counted")
    ]
    missing = _missing(events, asked, ours)
    if missing <= 0 or any(body.get("decision") == "reject" for body in ours):
        return None
    return Waiting(gate=asked.body.get("gate", ""), missing=missing, since=_since(events, asked))


def _missing(events: Sequence[Event], asked: Event, ours: Sequence[Mapping[str, Any]]) -> int:
    """Read how many are missing: as was written down last, by what had been said until then."""
    if "missing" not in asked.body:
        needed: int = asked.body.get("count") or _needed(events[0], asked)
        return needed - sum(1 for body in ours if body.get("decision") == "approve")
    after = (event for event in events if event.number > asked.number)
    last = [event.body for event in after if event.kind == "approval.answered" and _is_about(event, asked)]
    newest = last[-1] if last else asked.body
    return int(newest["missing"])


def _is_about(event: Event, asked: Event) -> bool:
    return all(event.body.get(name) == asked.body.get(name) for name in ("gate", "plan_digest", "subject"))


def _question(events: Sequence[Event]) -> Question | None:
    asked = _newest(events, "trouble.asked")
    if asked is None:
        return None
    answered = (event.body for event in events if event.kind == "trouble.answered")
    here = [asked.body.get(name) for name in ("place", "number")]
    if any(body["counted"] and [body["place"], body["number"]] == here for body in answered):
        return None
    return Question(
        broke=asked.body["said"],
        since=asked.at,
        until=asked.body["until"],
        otherwise=asked.body["otherwise"],
    )


def _held(events: Sequence[Event]) -> Held | None:
    last = next((each for each in reversed(events) if each.kind in ("release.held", "release.let_go")), None)
    if last is None or last.kind == "release.let_go":
        return None
    return Held(said=last.body["said"], since=last.at, until=last.body["until"])


def _needed(created: Event, asked: Event) -> int:
    environments = (created.body.get("config") or {}).get("environments", ())
    here = (each for each in environments if each.get("name") == created.body.get("environment"))
    gates = (gate for each in here for gate in each.get("gates", ()))
    return next((gate.get("count", 1) for gate in gates if gate.get("name") == asked.body.get("gate")), 1)


def _since(events: Sequence[Event], asked: Event) -> datetime:
    return next(event.at for event in events if event.kind == "approval.asked" and _is_about(event, asked))


def _doing(phases: Sequence[Phase]) -> str:
    unfinished = next((phase for phase in phases if phase.done < phase.of), None)
    if unfinished is None:
        return "nearly done"
    if unfinished.name == "built":
        return "builds it"
    return f"{unfinished.name}: {unfinished.done} of {unfinished.of} hosts"


def _newest(events: Sequence[Event], kind: str) -> Event | None:
    return next((event for event in reversed(events) if event.kind == kind), None)


def _count(events: Sequence[Event], kind: str) -> int:
    return min(1, sum(event.kind == kind for event in events))
