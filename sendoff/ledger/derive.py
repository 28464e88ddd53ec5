"""What follows from events: placements, past releases, durations. Pure; events come oldest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from sendoff.artifact.manifest import version_of
from sendoff.ledger.models import Event, PastRelease, Placement

TAKEN_BACK = frozenset({"undone", "failed", "rejected", "expired", "refused"})
SAMPLES = 20


def placements(events: Iterable[Event]) -> tuple[Placement, ...]:
    """Tell what is where: the newest `host.live` of each host, sorted by place.

    A host that was left out is there too, as it may never have been live, until it goes live again.
    """
    newest: dict[tuple[str, ...], Placement] = {}
    for event in events:
        if event.kind not in ("host.live", "host.left_out"):
            continue
        place = tuple(event.body[name] for name in ("application", "environment", "target", "host"))
        known = newest.get(place)
        if event.kind == "host.left_out":
            placed = (known or _never_live(event)).model_copy(update={"left_out_of": event.body["version"]})
        elif event.body.get("undo") and known:
            placed = _placement(event).model_copy(update={"left_out_of": known.left_out_of})
        else:
            placed = _placement(event)
        newest[place] = placed
    return tuple(newest[place] for place in sorted(newest))


def history(events: Sequence[Event]) -> tuple[PastRelease, ...]:
    """List what was live, each release name once, newest first; what was undone does not count."""
    taken_back = {
        event.release
        for event in events
        if event.kind == "release.ended" and event.body.get("end") in TAKEN_BACK
    }
    found: dict[str, PastRelease] = {}
    for event in reversed(events):
        if event.release not in taken_back and (past := _past(event)):
            found.setdefault(past.release_name, past)
    return tuple(found.values())


def release_named(events: Sequence[Event], release_name: str) -> PastRelease | None:
    """Find what is known of a release from when it was last live."""
    live = (event for event in reversed(events) if event.body.get("release_name") == release_name)
    return next(filter(None, map(_past, live)), None)


def durations(events: Sequence[Event]) -> dict[str, float]:
    """Take the median of the last 20 `step.done` of each action that did not fail, in seconds."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for event in events:
        if event.kind == "step.done" and not event.body.get("failed"):
            seconds[event.body["action"]].append(event.body["seconds"])
    return {action: median(taken[-SAMPLES:]) for action, taken in sorted(seconds.items())}


def _placement(event: Event) -> Placement:
    body = event.body
    return Placement(
        application=body["application"],
        environment=body["environment"],
        target=body["target"],
        host=body["host"],
        version=body.get("version"),
        release_name=body.get("release_name"),
        digest=body.get("digest"),
        commit=body.get("commit"),
        since=event.at,
        release=event.release,
        actor=event.actor,
    )


def _never_live(event: Event) -> Placement:
    """Place a host that no release has reached: with what was found there when it was left out."""
    name = event.body.get("live")
    body = {**event.body, "release_name": name, "version": name and version_of(name)}
    return _placement(event.model_copy(update={"body": body}))


def _past(event: Event) -> PastRelease | None:
    """Read a release going live. Putting it back onto a host is none: it had been live before."""
    if event.kind != "host.live" or event.body.get("undo"):
        return None
    placed = _placement(event)
    if placed.release_name is None or placed.version is None or placed.digest is None:
        return None
    return PastRelease(
        release_name=placed.release_name,
        version=placed.version,
        digest=placed.digest,
        commit=placed.commit,
        since=placed.since,
    )
