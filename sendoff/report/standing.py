"""Where a release left its hosts: what is live again, what customers saw, and which hosts need somebody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sendoff.ledger.models import MOVES
from sendoff.report.hosts import some
from sendoff.report.story import Story, version_words
from sendoff.report.words import duration, listing
from sendoff.report.wrongs import first_line


def where_it_stands(story: Story) -> str:
    """Say what is live now: `2.4.0 is live again on all 3 hosts`; empty when no host is known."""
    again = " again" if story.end == "undone" else ""
    parts = []
    for version, hosts in by_version(story).items():
        kept = again if any(story.moved_back(host) for host in hosts) else ""
        live = f"{version} is live{kept}" if version != "nothing" else "nothing is live"
        parts.append(f"{live} on {some(hosts, len(story.places))}")
    return ", and ".join(parts)


def by_version(story: Story) -> dict[str, list[str]]:
    """Sort the hosts by what is live on them."""
    found: dict[str, list[str]] = {}
    for place in story.places:
        found.setdefault(version_words(place.now), []).append(place.host)
    return found


def exposure(story: Story, now: datetime, named: bool = False) -> str:
    """Say who could see it and for how long: `customers could see it on 1 of 3 hosts for 12 s`."""
    times = dict(_seen(story, now))
    if not times:
        return "customers did not see it"
    share = f"{len(times)} of {len(story.places)} hosts" if len(story.places) > 1 else next(iter(times))
    if named and len(story.places) > 1:
        share += f" ({', '.join(times)})"
    moved = {event.body["host"] for event in story.all("host.live") if not event.body.get("undo")}
    if story.shares and not moved.intersection(times):
        share += f" (at most {max(body['weight'] for body in story.shares)} % of the traffic)"
    up_to = "up to " if len(times) > 1 else ""
    told = f"customers could see it on {share} for {up_to}{duration(max(times.values()))}"
    still = [place.host for place in story.places if place.now == story.release_name and place.host in times]
    return f"{told} and still can on {some(still, len(story.places))}" if still else told


def alarms(story: Story) -> Iterator[str]:
    """Say which hosts need somebody, or were left out; nothing when all is as it should be."""
    if story.stuck:
        told = "; ".join(f"{host} ({_of(host, why)})" for host, why in story.stuck.items())
        hosts = "this host" if len(story.stuck) == 1 else "these hosts"
        yield f"Look at {hosts} now: not put back, or not seen to be: {told}."
    if story.end == "live" and (left := list(_left_out(story))):
        yield f"Not on all hosts. Left out: {listing(left)}."


def _left_out(story: Story) -> Iterator[str]:
    for place in story.places:
        if version_words(place.now) != story.version and place.host not in story.stuck:
            known = story.left_out.get(place.host, {})
            why = known.get("why") or story.failed_steps.get(place.host)
            told = f": {_of(place.host, str(why))}" if why else ""
            by = f"; left out by {known['by']}" if known else ""
            comment = f", who wrote {known['comment']!r}" if known.get("comment") else ""
            yield f"{place.host} ({version_words(place.now)}{told}{by}{comment})"


def _of(host: str, why: str) -> str:
    """Tell why, without the host's name at its beginning: it stands there already."""
    return first_line(why).removeprefix(f"{host}: ").removeprefix(f"{host} ")


def _seen(story: Story, now: datetime) -> Iterator[tuple[str, float]]:
    since: dict[str, datetime] = {}
    for event in story.events:
        if event.kind not in MOVES:
            continue
        host = str(event.body["host"])
        if not event.body.get("undo") and event.body.get("previous") != event.body.get("release_name"):
            since.setdefault(host, event.at)
        elif event.body.get("undo") and host in since:
            yield host, (event.at - since.pop(host)).total_seconds()
    yield from ((host, (story.until(now) - at).total_seconds()) for host, at in since.items())
