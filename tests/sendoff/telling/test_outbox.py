"""What is still to be told is read from the ledger."""

from __future__ import annotations

from collections.abc import Callable

from sendoff.ledger.models import Event
from sendoff.spec.channels import BlockChannel
from sendoff.telling import untold
from sendoff.telling.outbox import given_up_key, told_key

Story = Callable[..., list[Event]]
TEAM = BlockChannel(name="team", block="slack-webhook/team")
BOSS = BlockChannel(name="boss", block="slack-webhook/boss", events=("live",))


def open_ones(events: list[Event]) -> list[tuple[int, list[str]]]:
    return [(event.number, [each.name for each in routes]) for event, routes in untold(events, (TEAM, BOSS))]


def test_all_that_was_not_told(story: Story) -> None:
    """Each event is to be told where it is wanted."""
    events = story(("step.done", {}), ("release.ended", {"end": "live"}))
    assert open_ones(events) == [(1, ["team"]), (3, ["team", "boss"])]


def test_what_was_told_or_given_up_is_settled(story: Story) -> None:
    """On each channel for itself."""
    events = story(("release.ended", {"end": "live"}), ("told", {}), ("not_told", {}))
    keys = [None, None, told_key(events[1], "team"), given_up_key(events[0], "team")]
    keyed = [event.model_copy(update={"key": key}) for event, key in zip(events, keys, strict=True)]
    assert open_ones(keyed) == [(2, ["boss"])]
