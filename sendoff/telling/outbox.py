"""Which events are still to be told where: the ledger is the outbox, so a crash loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sendoff.ledger.models import Event
from sendoff.spec.channels import BlockChannel, WebhookChannel
from sendoff.telling.occasions import due

Route = BlockChannel | WebhookChannel


def told_key(event: Event, channel: str) -> str:
    """Name that an event was told on a channel: there is one such entry, whoever sent it."""
    return f"told/{event.hash}/{channel}"


def given_up_key(event: Event, channel: str) -> str:
    """Name that an event could not be told on a channel."""
    return f"not_told/{event.hash}/{channel}"


def untold(events: Sequence[Event], channels: Sequence[Route]) -> Iterator[tuple[Event, tuple[Route, ...]]]:
    """Give the events of one release that are to be told yet, each with where; what was given up is not."""
    settled = {event.key for event in events if event.kind in ("told", "not_told")}
    for event in events:
        open_ones = tuple(
            channel
            for channel in due(event, events[0], channels, events)
            if settled.isdisjoint({told_key(event, channel.name), given_up_key(event, channel.name)})
        )
        if open_ones:
            yield event, open_ones
