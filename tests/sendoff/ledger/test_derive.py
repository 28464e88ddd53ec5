"""What follows from events, against an oracle that is too simple to be wrong."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sendoff.ledger.derive import durations, history, placements, release_named
from sendoff.ledger.models import Event

START = datetime(2026, 3, 1, tzinfo=UTC)
PLACES = st.tuples(
    st.sampled_from("ab"), st.sampled_from("st"), st.just("web"), st.sampled_from(["h1", "h2"])
)
VERSIONS = st.sampled_from(["1", "2", "3"])


def event(number: int, kind: str, release: str = "r", **body: Any) -> Event:
    at = START + timedelta(seconds=number)
    return Event(
        number=number, release=release, at=at, actor="ada", kind=kind, body=body, previous_hash="", hash=""
    )


def live(
    number: int, version: str | None, release: str = "r", place: Any = "a p web h1", **more: Any
) -> Event:
    names = ("application", "environment", "target", "host")
    where = dict(zip(names, place.split() if isinstance(place, str) else place, strict=True))
    named = {"version": version, "release_name": version and f"{version}-x", "digest": version and "d"}
    return event(number, "host.live", release, **where, **named, **more)


def ended(number: int, release: str, end: str) -> Event:
    return event(number, "release.ended", release, end=end, said="")


@given(st.lists(st.tuples(PLACES, VERSIONS | st.none())))
def test_placements_are_the_newest(told: list[tuple[tuple[str, ...], str | None]]) -> None:
    """Each place has what was said of it last, and places are sorted."""
    found = placements([live(number, version, place=place) for number, (place, version) in enumerate(told)])
    assert {(p.application, p.environment, p.target, p.host): p.version for p in found} == dict(told)
    assert [(p.application, p.environment, p.host) for p in found] == sorted(
        (a, e, h) for a, e, _, h in dict(told)
    )


@given(st.lists(VERSIONS))
def test_history_is_newest_first(versions: list[str]) -> None:
    """Each version stands where it was live the last time."""
    found = history([live(number, version, f"r{number}") for number, version in enumerate(versions)])
    assert [past.version for past in found] == list(dict.fromkeys(reversed(versions)))


def test_what_was_undone_is_not_history() -> None:
    """A release that was undone is none to go back to, also when it was live for a moment."""
    events = [live(1, "1", "r1"), ended(2, "r1", "live"), live(3, "2", "r2"), ended(4, "r2", "undone")]
    assert [past.version for past in history(events)] == ["1"]


def test_a_host_put_back_does_not_change_history() -> None:
    """One host that was left out does not make the old version the newest again."""
    events = [live(1, "1", "r1"), live(2, "2", "r2"), live(3, "1", "r2", undo=True), ended(4, "r2", "live")]
    assert [past.version for past in history(events)] == ["2", "1"]


def test_nothing_live_is_not_history() -> None:
    """A host that was left without a release adds none."""
    assert history([live(1, None)]) == ()


def test_release_named() -> None:
    """A release is found by its name on hosts, as it was live the last time."""
    found = release_named([live(1, "1", "r1"), live(2, "2", "r2"), live(3, "1", "r3")], "1-x")
    assert found
    assert (found.version, found.since) == ("1", START + timedelta(seconds=3))
    assert release_named([live(1, "1")], "9-x") is None


@given(
    st.lists(st.tuples(st.sampled_from(["deploy", "go-live"]), st.floats(0, 1e4), st.booleans()), max_size=90)
)
def test_durations_are_medians_of_the_last_twenty(steps: list[tuple[str, float, bool]]) -> None:
    """Only the last 20 of an action that did not fail count."""
    events = [
        event(number, "step.done", action=action, seconds=seconds, failed=failed)
        for number, (action, seconds, failed) in enumerate(steps)
    ]
    oracle = {}
    for action in ("deploy", "go-live"):
        if good := [seconds for name, seconds, failed in steps if name == action and not failed]:
            oracle[action] = statistics.median(good[-20:])
    assert durations(events) == oracle


def left_out(number: int, version: str, live: str | None = None, host: str = "h1") -> Event:
    place = {"application": "a", "environment": "p", "target": "web", "host": host}
    return event(number, "host.left_out", **place, version=version, live=live)


def test_a_host_left_out_is_drift_until_a_release_reaches_it() -> None:
    """Being put back is no reach; going live is."""
    behind = [live(1, "1"), live(2, "2"), live(3, "1", undo=True), left_out(4, "2")]
    assert [(p.version, p.left_out_of) for p in placements(behind)] == [("1", "2")]
    back = [*behind, live(5, "1", undo=True)]
    assert [(p.version, p.left_out_of) for p in placements(back)] == [("1", "2")]
    reached = [*behind, live(5, "3")]
    assert [(p.version, p.left_out_of) for p in placements(reached)] == [("3", None)]


def test_a_host_that_was_never_live_is_there_when_it_is_left_out() -> None:
    """With what was found on it, or with nothing."""
    found = placements([left_out(1, "2"), left_out(2, "2", "1-000000000000", "h2")])
    assert [(p.host, p.version, p.left_out_of) for p in found] == [("h1", None, "2"), ("h2", "1", "2")]
