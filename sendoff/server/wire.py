"""Requests and answers as they come over the wire: read, replaced, and refused."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from sendoff.server.bodies import Body
from sendoff.server.proxies import without_identity
from sendoff.server.refusals import NotLetIn

NO = ("false", "0", "off", "no", "f", "n")
MOST = 2_000_000  # bytes of a request that is looked at


class Heard:
    """Hears a request, and can hear it to its end: else the line is cut before an answer to it is read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_over = False

    async def receive(self) -> Message:
        """Hear the next part."""
        message = await self._receive()
        self._is_over = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def out(self) -> None:
        """Hear the rest, which is of no interest any more; not for ever."""
        left = MOST
        while left > 0 and not self._is_over:
            left -= len((await self.receive()).get("body", b"")) or 1


def mapping(body: Any) -> Body:
    """Take a mapping, and nothing else."""
    if not isinstance(body, dict):
        raise NotLetIn("request: is no mapping, expected one of names to values", 422)
    return body


def asks_for_secrets(scope: Scope) -> bool:
    """Tell whether a query asks for what is secret in blocks, in whatever word for yes."""
    return any(
        name == "include_secrets" and value.lower() not in NO
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"))
    )


async def body_of(request: Request) -> bytes:
    """Read what was sent; NotLetIn when it is too much."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MOST:
            raise NotLetIn(f"request: is larger than {MOST} bytes, expected less", 413)
    return bytes(read)


def read_json(raw: bytes) -> Any:
    """Read JSON; NotLetIn when it is none."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise NotLetIn("request: is no JSON, expected it; nothing was done", 422) from None


def nobody(scope: Scope) -> Scope:
    """Take away whoever it is from."""
    return {**scope, "headers": without_identity(scope["headers"])}


def without(scope: Scope, *names: bytes) -> Scope:
    """Take headers away."""
    return {**scope, "headers": [each for each in scope["headers"] if each[0] not in names]}


def with_body(scope: Scope, receive: Receive, body: bytes) -> tuple[Scope, Receive]:
    """Send this body on in place of the one that came; one that is empty as none."""
    kept = without(scope, b"content-length", b"transfer-encoding", b"content-type")["headers"]
    kind = [(b"content-type", b"application/json")] if body else []
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": [*kept, *kind, (b"content-length", str(len(body)).encode())]}, replayed


class Edited:
    """Holds an answer back until it is whole, and sends its JSON on as `edit` gives it."""

    def __init__(self, send: Send, edit: Any) -> None:
        self._send, self._edit = send, edit
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = self._edited()
        headers = [each for each in self._start["headers"] if each[0].lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _edited(self) -> bytes:
        try:
            return json.dumps(self._edit(json.loads(self._body))).encode()
        except ValueError:
            return self._body


def refusal(refused: NotLetIn) -> JSONResponse:
    """Make the answer to who is not let in; Prefect's pages and clients read either field."""
    after = {"retry-after": str(math.ceil(refused.after))} if refused.after else {}
    told = {"detail": str(refused), "exception_message": str(refused)}
    return JSONResponse(told, status_code=refused.status, headers=after)
