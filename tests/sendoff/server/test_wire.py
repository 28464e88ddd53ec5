"""What comes over the wire is heard to its end, also when nobody wants it."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from sendoff.server.wire import MOST, Heard


def parts(*sizes: int) -> list[Message]:
    last = len(sizes) - 1
    return [
        {"type": "http.request", "body": bytes(size), "more_body": number < last}
        for number, size in enumerate(sizes)
    ]


@pytest.mark.parametrize("before", [0, 1, 3], ids=["nothing heard", "a part heard", "all heard"])
def test_heard_out(before: int) -> None:
    """A request that is refused is heard to its end, and no further: the line is used again."""
    waiting = parts(5, 5, 0)

    async def receive() -> Message:
        return waiting.pop(0)  # an IndexError would be a wait for ever

    async def hear() -> None:
        heard = Heard(receive)
        for _ in range(before):
            await heard.receive()
        await heard.out()

    asyncio.run(hear())
    assert waiting == []


def test_not_for_ever() -> None:
    """Whoever sends on and on is cut off."""
    heard_bytes = 0

    async def receive() -> Message:
        nonlocal heard_bytes
        heard_bytes += 1000
        return {"type": "http.request", "body": bytes(1000), "more_body": True}

    asyncio.run(Heard(receive).out())
    assert heard_bytes <= MOST + 1000
