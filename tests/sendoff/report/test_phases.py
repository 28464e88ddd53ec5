"""What was done is gathered into a few pieces with plain names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.ledger.models import Event
from sendoff.report.phases import covered, held, phases, waited, work
from sendoff.report.story import Story

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


def later(events: list[Event], seconds: float) -> datetime:
    return events[-1].at + timedelta(seconds=seconds)


def event(number: int, kind: str, **body: Any) -> Event:
    at = START + timedelta(seconds=number)
    return Event(
        number=number,
        release="r",
        at=at,
        actor="ada",
        kind=kind,
        body=body,
        previous_hash="",
        hash="",
    )


def large(hosts: int, batch: int) -> list[Event]:
    """Tell a release to many hosts, batch by batch."""
    names = [f"web-{number}" for number in range(1, hosts + 1)]
    batches = [{"hosts": names[start : start + batch]} for start in range(0, hosts, batch)]
    events = [event(1, "release.planned", plan={"batches": batches})]
    for action in ("deploy", "check-dark"):
        events += [event(len(events) + 1, "step.done", action=action, host=name, seconds=1) for name in names]
    for name in names:
        for action in ("go-live", "check-live"):
            events.append(event(len(events) + 1, "step.done", action=action, host=name, seconds=1))
    return events


def test_waiting_is_from_asking_to_the_last_answer(cases: dict[str, list[Event]]) -> None:
    """Each time somebody is asked counts, also when the answer did not."""
    assert waited(Story(tuple(cases["good"])), later(cases["good"], 9999)) == 1200


def test_waiting_goes_on_while_nobody_answers(cases: dict[str, list[Event]]) -> None:
    """A release that waits now shows for how long."""
    events = cases["good"][:8]
    assert events[-1].kind == "approval.asked"
    assert waited(Story(tuple(events)), later(events, 90)) == 90


def test_an_abandoned_wait_ends_with_the_release(cases: dict[str, list[Event]]) -> None:
    """A run that was cancelled does not wait for ever."""
    events = [*cases["good"][:8], cases["good"][-1]]
    end = events[-1].at - events[-2].at
    assert waited(Story(tuple(events)), later(events, 9999)) == end.total_seconds()


def test_a_look_at_the_hosts_does_not_cut_a_wait() -> None:
    """The run wakes up with each answer and looks again; people were asked once."""
    look = {"action": "preflight", "seconds": 1}
    events = [
        event(0, "step.done", **look),
        event(10, "approval.asked", gate="go"),
        event(20, "step.done", **look),
        event(21, "approval.answered", gate="go"),
        event(25, "step.done", **look),
    ]
    found = phases(Story(tuple(events)), START)
    assert [(phase.label, phase.seconds) for phase in found] == [
        ("look at the hosts", 1),
        ("wait for people (go)", 11),
        ("look at the hosts", 1),
    ]


def test_a_new_plan_begins_a_new_wait() -> None:
    """What was answered of the old one belongs to neither."""
    events = [
        event(0, "approval.asked", gate="go"),
        event(10, "release.planned"),
        event(11, "approval.void", gate="go", answers=[]),
        event(12, "approval.answered", gate="go"),
        event(13, "approval.asked", gate="go"),
        event(20, "stamp.refused"),
        event(21, "approval.asked", gate="go"),
        event(30, "approval.answered", gate="go"),
    ]
    found = phases(Story(tuple(events)), START)
    assert [(phase.label, phase.seconds) for phase in found] == [
        ("wait for people (go)", 10),
        ("wait for people (go)", 17),
    ]


@pytest.mark.parametrize(("hosts", "batch"), [(3, 1), (50, 1), (50, 10), (50, 50), (7, 2)])
def test_many_hosts_are_few_pieces(hosts: int, batch: int) -> None:
    """A chart of fifty hosts is read as easily as one of three."""
    found = work(Story(tuple(large(hosts, batch))))
    assert 3 <= len(found) <= 8
    assert {phase.label for phase in found} >= {f"put on {hosts} hosts"}


def test_batches_are_told_by_themselves_when_they_are_few() -> None:
    """A batch with its checks is one piece."""
    labels = [phase.label for phase in work(Story(tuple(large(3, 1))))]
    assert labels[2:] == [f"go live and check on web-{number}" for number in (1, 2, 3)]


def test_undoing_is_a_piece_of_its_own_with_its_checks(cases: dict[str, list[Event]]) -> None:
    """What failed is marked, and putting back is not mixed with going live."""
    found = work(Story(tuple(cases["undone"])))
    assert [(phase.label, phase.kind) for phase in found[-2:]] == [
        ("go live and check on web-1", "crit"),
        ("put back web-1", "done"),
    ]


def test_a_step_without_a_start_ends_when_it_was_recorded() -> None:
    """An old event without the field still has a place."""
    (found,) = work(Story((event(9, "step.done", action="build", seconds=2),)))
    assert (found.end, found.seconds) == (START + timedelta(seconds=9), 2)


def test_an_action_that_is_not_known_keeps_its_name() -> None:
    """A later version of Sendoff may do more."""
    (found,) = work(Story((event(9, "step.done", action="warm-up", seconds=2),)))
    assert found.label == "warm-up"


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [([], 0), ([(0, 5)], 5), ([(0, 5), (1, 3)], 5), ([(4, 6), (0, 5)], 6), ([(0, 1), (5, 6)], 2)],
)
def test_what_goes_on_side_by_side_counts_once(spans: list[tuple[int, int]], seconds: float) -> None:
    """Fifty hosts at once take as long as the slowest."""
    at = [(START + timedelta(seconds=a), START + timedelta(seconds=b)) for a, b in spans]
    assert covered(at) == seconds


def test_held() -> None:
    """From the first reason until it is let go, however often the reason changed; until now while it is."""
    told = [
        event(0, "release.held", said="x"),
        event(10, "release.held", said="y"),
        event(60, "release.let_go"),
    ]
    now = START + timedelta(seconds=500)
    assert held(Story(tuple(told)), now) == 60
    again = [*told, event(100, "release.held", said="x")]
    assert held(Story(tuple(again)), now) == 60 + 400
    assert held(Story((*again, event(130, "release.ended", end="cancelled"))), now) == 60 + 30
    assert [(each.section, each.label) for each in phases(Story(tuple(told)), now)] == [("hold", "held")]


def test_no_work_across_a_hold() -> None:
    """What was done before and after it are two pieces."""
    told = [
        event(1, "step.done", action="deploy", host="a", seconds=1),
        event(2, "release.held", said="x"),
        event(50, "release.let_go"),
        event(52, "step.done", action="deploy", host="a", seconds=1),
    ]
    assert [phase.label for phase in work(Story(tuple(told)))] == ["put on a", "put on a"]
