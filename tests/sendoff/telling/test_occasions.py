"""Which events are told, as what, and where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.ledger.models import Event
from sendoff.spec.channels import OCCASIONS, BlockChannel, Occasion
from sendoff.telling import due, occasions_of

Story = Callable[..., list[Event]]
ASKED = {"gate": "owner", "plan_digest": "d1"}


@pytest.mark.parametrize(
    ("kind", "body", "occasion"),
    [
        ("approval.asked", ASKED, "approval-needed"),
        ("approval.reminded", {"gate": "owner"}, "reminder"),
        ("approval.escalated", {"gate": "owner"}, "escalated"),
        ("release.held", {"why": "freeze"}, "hold"),
        ("release.let_go", {}, "let-go"),
        ("freeze.overridden", {"said": "sam overrides it"}, "overridden"),
        ("trouble.asked", {"said": "a host is gone"}, "trouble"),
        ("review.opened", {}, "review"),
        ("review.closed", {}, "review"),
        ("release.ended", {"end": "live"}, "live"),
        ("release.ended", {"end": "undone"}, "undone"),
        ("release.ended", {"end": "rejected"}, "rejected"),
        ("release.ended", {"end": "expired"}, "expired"),
        ("release.ended", {"end": "failed"}, "failed"),
        ("release.ended", {"end": "refused"}, "failed"),
        ("release.ended", {"end": "errored"}, "failed"),
        ("release.ended", {"end": "cancelled"}, "cancelled"),
    ],
)
def test_what_is_told(story: Story, kind: str, body: dict[str, Any], occasion: str) -> None:
    """Each kind that matters to people is told under one name."""
    created, event = story((kind, body))
    assert occasions_of(event, created) == {occasion}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("release.ended", {"end": "nothing-to-do"}),
        ("release.ended", {"end": "an end that nobody knows"}),
        ("step.done", {}),
        ("told", {}),
        ("not_told", {}),
        ("a.kind.of.tomorrow", {"end": "live"}),
    ],
)
def test_what_is_not_told(story: Story, kind: str, body: dict[str, Any]) -> None:
    """Routine is not told, nor what is not known here, nor that something was told."""
    created, event = story((kind, body))
    assert occasions_of(event, created) == frozenset()


def test_a_beginning_is_told_where_something_changes(story: Story) -> None:
    """That something is built or looked at concerns nobody."""
    (created,) = story()
    quiet = created.model_copy(update={"body": {**created.body, "flow": "verify"}})
    assert occasions_of(created, created) == {"started"}
    assert occasions_of(quiet, quiet) == frozenset()


def test_emergencies_are_told_as_such_as_well(story: Story) -> None:
    """Who wants to know of emergencies is told all that is told of one."""
    created, event = story(
        ("release.ended", {"end": "live"}), emergency={"skip": ["owner"], "reason": "fire"}
    )
    assert occasions_of(event, created) == {"live", "emergency"}


def test_what_was_asked_is_not_told_again(story: Story) -> None:
    """Each answer has the form asked again; people are told once, unless what they are asked is another."""
    events = story(
        ("approval.asked", {**ASKED, "brief": "first"}),
        ("approval.asked", {**ASKED, "brief": "second", "until": "later"}),
        ("approval.asked", {**ASKED, "gate": "ops"}),
        ("approval.asked", {**ASKED, "plan_digest": "d2"}),
    )
    assert told_of(events) == [True, False, True, True]


def told_of(events: list[Event]) -> list[bool]:
    """Tell which of the questions people are told of."""
    asked = [event for event in events if event.kind == "approval.asked"]
    return [bool(occasions_of(event, events[0], events)) for event in asked]


def test_what_fell_is_told_again(story: Story) -> None:
    """An approval was too old, or it changed and changed back: people are asked anew, each time once."""
    asked, other = ("approval.asked", ASKED), ("approval.asked", {**ASKED, "plan_digest": "d2"})
    fell, elsewhere = ("approval.void", {"gate": "owner"}), ("approval.void", {"gate": "ops"})
    assert told_of(story(asked, fell, asked, asked)) == [True, True, False]
    assert told_of(story(asked, fell, other, fell, asked, asked)) == [True, True, True, False]
    assert told_of(story(asked, elsewhere, asked)) == [True, False]


def put_off(minute: int, **more: Any) -> tuple[str, dict[str, Any]]:
    """Put it off until a minute; each event of a story happens a minute after the one before."""
    until = datetime(2026, 3, 1, 10, minute, tzinfo=UTC).isoformat()
    body = {"gate": "owner", "decision": "later", "until": until, "counted": True, "missing": 1}
    return "approval.answered", {**body, **more}


def test_what_was_put_off_is_told_again_at_its_time(story: Story) -> None:
    """Once it has come, and once: not when it is asked before, and not where it was put off elsewhere."""
    asked = ("approval.asked", ASKED)
    assert told_of(story(asked, put_off(5), asked, asked, asked)) == [True, False, True, False]
    assert told_of(story(asked, put_off(6), asked, put_off(7), asked, asked)) == [True, False, False, True]
    assert told_of(story(asked, put_off(5, counted=False), asked, asked)) == [True, False, False]
    assert told_of(story(asked, put_off(4, gate="ops"), asked)) == [True, False]
    assert told_of(story(asked, put_off(9), ("approval.void", {"gate": "owner"}), asked)) == [True, True]


@given(
    wanted=st.sets(st.sampled_from(OCCASIONS), min_size=1), kind=st.sampled_from(["live", "undone", "failed"])
)
def test_a_channel_is_told_what_it_wants(wanted: set[Occasion], kind: Occasion) -> None:
    """Nothing else comes there, and nothing of it is left out."""
    created = Event.model_construct(number=1, kind="release.created", body={"flow": "release"}, hash="a")
    event = Event.model_construct(number=2, kind="release.ended", body={"end": kind}, hash="b")
    channel = BlockChannel(name="team", block="slack-webhook/team", events=tuple(wanted))
    assert due(event, created, [channel]) == ((channel,) if kind in wanted else ())


def test_a_second_hold_is_told_again(story: Story) -> None:
    """It was let go in between."""
    held = ("release.held", {"place": "deploy", "said": "the winter freeze"})
    events = story(held, ("release.let_go", {}), held)
    told = [occasions_of(event, events[0], events) for event in events[1:]]
    assert told == [{"hold"}, {"let-go"}, {"hold"}]
