"""Send one notice to one channel, once, within a bounded time."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block

from blocks import lookup
from blocks.notices import JsonWebhook
from sendoff import webhooks
from sendoff.spec.channels import BlockChannel, WebhookChannel
from sendoff.telling import Notice
from sendoff.webhooks import NotTaken

LONGEST = 30.0  # seconds that one try may take, whatever the receiver does


def send(channel: BlockChannel | WebhookChannel, notice: Notice, secrets: Mapping[str, str]) -> None:
    """Send it; NotTaken says why not, without the address: it may be secret."""
    if isinstance(channel, WebhookChannel):
        bounded(lambda: _webhook(channel, notice, secrets))
    else:
        bounded(lambda: _block(channel, notice))


def bounded(work: Callable[[], None], seconds: float = LONGEST) -> None:
    """Do it, but wait no longer than so many seconds for it; it may go on unseen then."""
    errors: list[Exception] = []

    def attempt() -> None:
        try:
            work()
        except Exception as error:  # whoever waits raises it
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(attempt,), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise NotTaken(f"was not done in {seconds:.0f} s")
    if errors:
        raise errors[0]


def _webhook(channel: WebhookChannel, notice: Notice, secrets: Mapping[str, str]) -> None:
    if not secrets.get(channel.secret):
        raise NotTaken(f"secret {channel.secret!r} has no value, expected one in 'Sendoff release secrets'")
    secret = secrets[channel.secret]
    webhooks.post(channel.webhook, secret, notice.key, notice.json_bytes, datetime.now(UTC))


def _block(channel: BlockChannel, notice: Notice) -> None:
    block = _load(channel.block)
    if isinstance(block, JsonWebhook):
        block.send(notice.key, notice.json_bytes)
    elif isinstance(block, NotificationBlock):
        _notify(block, notice)
    else:
        raise NotTaken(f"block {channel.block!r} tells nobody, expected a notification block", again=False)


def _load(name: str) -> Block:
    try:
        block = lookup.named(name)
    except Exception as error:  # what a block raises when it is made wrong may hold its address
        raise NotTaken(f"block {name!r} cannot be used ({type(error).__name__})") from None
    if block is None:
        raise NotTaken(f"block {name!r} is not there, expected it on this server; make it there")
    return block


def _notify(block: NotificationBlock, notice: Notice) -> None:
    """Tell people; what the block says of a failure is not passed on, as it may hold the address."""
    try:
        with block.raise_on_failure():
            said: Any = block.notify(notice.text, notice.subject)
            if inspect.iscoroutine(said):
                asyncio.run(said)
    except Exception as error:  # each kind of block raises its own
        raise NotTaken(f"the block could not send it ({type(error).__name__})") from None
