"""Where people and programs are told: addresses that Prefect has no block of its own for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from prefect.blocks.core import Block
from prefect.blocks.notifications import AppriseNotificationBlock
from pydantic import Field, SecretStr

from sendoff import webhooks


class AppriseAddress(AppriseNotificationBlock):
    """Any address that apprise knows; mail above all, for which Prefect has no block without an account."""

    _block_type_name = "Sendoff notification address"
    _block_type_slug = "sendoff-notification-address"
    _description = "An address of apprise, such as mailtos://user:password@mail.example?to=team@mail.example."

    url: SecretStr = Field(
        title="Address",
        description="mailto://, mailtos://, or any other address of apprise, with its password in it",
    )


class JsonWebhook(Block):
    """A program that is told in signed JSON; its address and secret stand here and in no file."""

    _block_type_name = "Sendoff JSON webhook"
    _block_type_slug = "sendoff-json-webhook"
    _description = "A program that is told of releases in JSON, signed."
    _block_schema_capabilities: ClassVar[list[str]] = ["send"]

    address: SecretStr = Field(title="Address", description="Where the JSON is sent to, http:// or https://")
    secret: SecretStr = Field(title="Secret", description="What it is signed with; the receiver has it too")

    def send(self, key: str, body: bytes) -> None:
        """Send JSON once; NotTaken unless it was taken."""
        address, secret = self.address.get_secret_value(), self.secret.get_secret_value()
        webhooks.post(address, secret, key, body, datetime.now(UTC))
