"""Who is told of what: the part of the release file about notifications."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, StringConstraints, Tag

from sendoff.model import Frozen
from sendoff.spec.words import BLOCK, WEBHOOK, Name, Variable

Occasion = Literal[
    "started",
    "approval-needed",
    "reminder",
    "escalated",
    "expired",
    "rejected",
    "hold",
    "let-go",
    "overridden",
    "trouble",
    "live",
    "undone",
    "failed",
    "cancelled",
    "emergency",
    "review",
]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)

Events = Annotated[tuple[Occasion, ...], Field(min_length=1)]
EVENTS = "what is told there: some of started, approval-needed, live and so on; all of them unless said"


class BlockChannel(Frozen):
    """People, told in words through a notification block of Prefect."""

    name: Name = Field(description="what this channel is called, such as team-chat")
    block: Annotated[str, StringConstraints(pattern=BLOCK)] = Field(
        description="a block with an address in it, as type/name, such as slack-webhook/team"
    )
    events: Events = Field(OCCASIONS, description=EVENTS)


class WebhookChannel(Frozen):
    """A program, told in JSON that is signed."""

    name: Name = Field(description="what this channel is called, such as change-register")
    webhook: Annotated[str, StringConstraints(pattern=WEBHOOK)] = Field(
        description="the address that the JSON is sent to"
    )
    secret: Variable = Field(description="the secret that it is signed with, by name")
    events: Events = Field(OCCASIONS, description=EVENTS)


def _kind(value: Any) -> str | None:
    if isinstance(value, BlockChannel) or (isinstance(value, dict) and "block" in value):
        return "block"
    if isinstance(value, WebhookChannel) or (isinstance(value, dict) and "webhook" in value):
        return "webhook"
    return None


Channel = Annotated[
    Annotated[BlockChannel, Tag("block")] | Annotated[WebhookChannel, Tag("webhook")],
    Discriminator(
        _kind, custom_error_type="expected", custom_error_message="a mapping with either 'block' or 'webhook'"
    ),
]
Channels = tuple[Channel, ...]
