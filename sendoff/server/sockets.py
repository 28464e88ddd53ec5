"""Websockets: who is there is told by the first message, which Prefect gets with a secret in its place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sendoff.server.caller import Caller, comes_from_elsewhere
from sendoff.server.door import Door
from sendoff.server.proxies import without_identity
from sendoff.server.refusals import NotLetIn
from sendoff.server.routes import SOCKET, Route, Routes

REFUSED = 1008  # the code for what a rule forbids


@dataclass(frozen=True)
class Sockets:
    """Lets through what is classified, once somebody with the rights for it is there."""

    inner: ASGIApp
    door: Door
    routes: Routes
    secret: str

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one; it is closed as soon as its user is not who they were."""
        routes = self.routes.matching(SOCKET, scope["path"].removeprefix("/api"))
        if not routes or not scope["path"].startswith("/api/") or comes_from_elsewhere(scope):
            await receive()
            await send({"type": "websocket.close", "code": REFUSED, "reason": "refused"})
            return
        socket = _Socket(self, routes, scope, receive, send)
        await self.inner(
            {**scope, "headers": without_identity(scope["headers"])}, socket.receive, socket.send
        )


class _Socket:
    def __init__(
        self, served: Sockets, routes: list[Route], scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._served, self._routes, self._scope = served, routes, scope
        self._receive, self._send = receive, send
        self._caller: Caller | None = None
        self._closed = False

    async def receive(self) -> Message:
        if self._closed:
            return {"type": "websocket.disconnect", "code": REFUSED}
        message = await self._receive()
        if message["type"] != "websocket.receive":
            return message
        if self._caller is not None:
            return (
                message if await self._is_still_there() else {"type": "websocket.disconnect", "code": REFUSED}
            )
        try:
            self._caller = await self._who(message)
        except NotLetIn as refused:
            await self._close(str(refused))
            return {"type": "websocket.disconnect", "code": REFUSED}
        words = json.dumps({"type": "auth", "token": self._served.secret})
        return {"type": "websocket.receive", "text": words}

    async def send(self, message: Message) -> None:
        if self._closed:
            return
        if message["type"] == "websocket.send" and not await self._is_still_there():
            return
        await self._send(message)

    async def _who(self, message: Message) -> Caller:
        try:
            said: Any = json.loads(message.get("text") or message.get("bytes") or "")
        except ValueError:
            said = None
        if not isinstance(said, dict) or said.get("type") != "auth":
            raise NotLetIn("sign-in: expected a first message of type auth")
        caller = await self._served.door.who_says(self._scope, str(said.get("token") or ""))
        if not all(route.allows(caller.user.rights) for route in self._routes):
            raise NotLetIn(f"{caller.name}: may not open this")
        return caller

    async def _is_still_there(self) -> bool:
        if self._caller is not None and self._served.door.is_still(self._caller):
            return True
        await self._close("sign in again")
        return False

    async def _close(self, why: str) -> None:
        self._closed = True
        await self._send({"type": "websocket.close", "code": REFUSED, "reason": why[:120]})
