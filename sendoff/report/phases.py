"""What was done when, gathered into a few pieces of work with names that everybody understands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import dropwhile, groupby, pairwise
from typing import Literal

from sendoff.ledger.models import Event
from sendoff.report.story import Story
from sendoff.report.words import count

Section = Literal["build", "deploy", "approval", "hold", "canary", "go live"]
Span = tuple[datetime, datetime]

WORDS: dict[str, tuple[Section, str]] = {
    "build": ("build", "build"),
    "preflight": ("deploy", "look at the hosts"),
    "deploy": ("deploy", "put on {hosts}"),
    "check-dark": ("deploy", "check before traffic on {hosts}"),
    "remove": ("deploy", "remove from {hosts}"),
    "shift": ("go live", "shift traffic of {hosts}"),
    "check-canary": ("go live", "check as a canary on {hosts}"),
    "compare": ("go live", "compare on {hosts}"),
    "batch": ("go live", "go live and check on {hosts}"),
    "go-live": ("go live", "go live on {hosts}"),
    "check-live": ("go live", "check on {hosts}"),
    "undo": ("go live", "put back {hosts}"),
    "prune": ("go live", "tidy up"),
}
MOST_BATCHES = 5
CUT_SHORT = ("canary.compared", "canary.passed", "release.undoing", "release.ended")


@dataclass(frozen=True)
class Phase:
    """One piece of work or of waiting: when it began and ended, and how long of that it took, in seconds."""

    section: Section
    label: str
    start: datetime
    end: datetime
    seconds: float
    kind: Literal["done", "active", "crit"] = "done"


def phases(story: Story, now: datetime) -> tuple[Phase, ...]:
    """Give all of it in the order in which it began."""
    found = (*work(story), *waits(story, now), *holds(story, now), *watches(story, now))
    return tuple(sorted(found, key=lambda phase: phase.start))


def waits(story: Story, now: datetime) -> tuple[Phase, ...]:
    """Find when the release waited for people: from asking to the last answer, or on if there was none."""
    found = []
    for gate, events in _asked(story.events):
        start, last = events[0].at, events[-1]
        end = last.at if last.kind.endswith(".answered") else _next_at(story, last, now)
        seconds = max((end - start).total_seconds(), 0)
        found.append(Phase("approval", f"wait for people ({gate})", start, end, seconds, "active"))
    return tuple(found)


def waited(story: Story, now: datetime) -> float:
    """Add up the waiting for people, in seconds."""
    return sum(phase.seconds for phase in waits(story, now))


def holds(story: Story, now: datetime) -> tuple[Phase, ...]:
    """Find when the release was held, as its environment might not be changed then."""
    found, since = [], None
    for event in story.events:
        if event.kind == "release.held":
            since = since or event.at
        elif event.kind in ("release.let_go", "release.ended") and since:
            found.append((since, event.at))
            since = None
    spans = [*found, (since, now)] if since else found
    return tuple(
        Phase("hold", "held", start, end, max((end - start).total_seconds(), 0), "active")
        for start, end in spans
    )


def watches(story: Story, now: datetime) -> tuple[Phase, ...]:
    """Find when the release was watched with a share of the traffic: for its time, or less."""
    found = []
    for event in story.all("canary.shifted"):
        after = (each.at for each in story.events if each.number > event.number and each.kind in CUT_SHORT)
        end = min(event.at + timedelta(seconds=event.body["soak"]), next(after, now))
        label = f"watch {event.body['host']} at {event.body['weight']} %"
        found.append(
            Phase("canary", label, event.at, end, max((end - event.at).total_seconds(), 0), "active")
        )
    return tuple(found)


def held(story: Story, now: datetime) -> float:
    """Add up how long it was held, in seconds."""
    return sum(phase.seconds for phase in holds(story, now))


def _asked(events: Sequence[Event]) -> Iterator[tuple[str, tuple[Event, ...]]]:
    # Each answer wakes the run up, and it looks at the hosts again: that is part of one wait.
    # An answer that was refused is no answer.
    awake = (
        event for event in events if event.body.get("action") != "preflight" and event.kind != "stamp.refused"
    )
    for gate, run in groupby(awake, key=_gate_of):
        known = tuple(dropwhile(lambda event: not event.kind.endswith(".asked"), run))
        if gate is not None and known:
            yield gate, known


def _gate_of(event: Event) -> str | None:
    asks = {"approval": "gate", "trouble": "place"}.get(event.kind.partition(".")[0])
    return str(event.body[asks]) if asks and event.body.get(asks) else None


def _next_at(story: Story, event: Event, now: datetime) -> datetime:
    return next((after.at for one, after in pairwise(story.events) if one is event), now)


def work(story: Story) -> tuple[Phase, ...]:
    """Gather the steps that were done: one piece an action, batches by themselves, no piece across a wait."""
    last = story.events[-1].at if story.events else None
    batches, pauses = _batches(story), (*waits(story, last), *holds(story, last)) if last else ()
    gathered: dict[tuple[str, int], list[Event]] = {}
    put_back: set[str] = set()
    for event in story.all("step.done"):
        action, host = str(event.body.get("action") or "step"), str(event.body.get("host"))
        start = _span(event)[0]
        if action == "approve" or any(pause.start < start < pause.end for pause in pauses):
            continue
        if action == "undo" or (action == "check-live" and host in put_back):
            put_back.add(host)
            key = "undo"
        elif action in ("go-live", "check-live") and host in batches:
            key = f"batch/{batches[host]}"
        else:
            key = action
        gathered.setdefault((key, sum(pause.end <= start for pause in pauses)), []).append(event)
    return tuple(_phase(key.partition("/")[0], events) for (key, _), events in gathered.items())


def _batches(story: Story) -> dict[str, int]:
    """Number the batch of each host, neighbours in one when there are many; none without batches."""
    planned = [batch.get("hosts") or () for batch in story.plan.get("batches") or ()]
    together = -(-len(planned) // MOST_BATCHES) or 1
    return {str(host): number // together for number, hosts in enumerate(planned) for host in hosts}


def _phase(action: str, events: Sequence[Event]) -> Phase:
    spans = [_span(event) for event in events]
    hosts = dict.fromkeys(str(event.body["host"]) for event in events if event.body.get("host"))
    named = next(iter(hosts)) if len(hosts) == 1 else count(len(hosts), "host")
    if action == "batch" and not any(event.body.get("action") == "check-live" for event in events):
        action = "go-live"
    section, words = WORDS.get(action, ("go live", action))
    return Phase(
        section,
        words.format(hosts=named) if hosts else words.partition(" on {")[0].partition(" from {")[0],
        min(start for start, _ in spans),
        max(end for _, end in spans),
        covered(spans),
        "crit" if any(event.body.get("failed") for event in events) else "done",
    )


def covered(spans: Sequence[Span]) -> float:
    """Add up how long something went on, in seconds; what went on side by side counts once."""
    total, until = timedelta(), None
    for start, end in sorted(spans):
        begin = start if until is None else max(start, until)
        total += max(end - begin, timedelta())
        until = end if until is None else max(until, end)
    return total.total_seconds()


def _span(event: Event) -> Span:
    length = timedelta(seconds=float(event.body.get("seconds") or 0))
    try:
        start = datetime.fromisoformat(str(event.body.get("started")))
    except ValueError:
        return event.at - length, event.at
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    return start, start + length
