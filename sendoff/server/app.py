"""The app in front of Prefect's: lets nobody in whom it does not know, nor to what is not classified."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from sendoff.server import bodies
from sendoff.server.audit import Audit
from sendoff.server.bodies import Body
from sendoff.server.caller import Caller, Headers, comes_from_elsewhere
from sendoff.server.deeds import Deed, Deeds, number_of
from sendoff.server.door import Door
from sendoff.server.inside import Inside
from sendoff.server.proxies import without_identity
from sendoff.server.refusals import NotLetIn
from sendoff.server.routes import NEVER, Route, Routes
from sendoff.server.sockets import Sockets
from sendoff.server.stamping import Stamper

API = "/api/"
MOST = 2_000_000  # bytes of a request that is looked at
SAFE = ("GET", "HEAD")


class SignedIn:
    """Prefect's app behind a sign-in: an ASGI app around an ASGI app."""

    def __init__(self, inside: Inside, door: Door, stamper: Stamper, audit: Audit) -> None:
        self.inside, self.door, self.audit = inside, door, audit
        self.routes = Routes()
        self.deeds = Deeds(inside, stamper, audit)
        self.sockets = Sockets(inside.app, door, self.routes, inside.secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a websocket, or the life of the app."""
        if scope["type"] == "websocket":
            await self.sockets.serve(scope, receive, send)
        elif scope["type"] != "http":
            await self.inside.app(scope, receive, send)
        else:
            try:
                await self._http(scope, receive, send)
            except NotLetIn as refused:
                await _refuse(refused)(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if not path.startswith(API):
            await self._page(scope, receive, send)
            return
        routes = self.routes.matching(method, path.removeprefix("/api"))
        if routes and all(route.is_open for route in routes):
            await self.inside.app(_nobody(scope), receive, send)
            return
        caller = await self.door.who(scope)
        self._may(caller, scope, routes)
        await self._classified(caller, routes[0], scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the pages themselves: they hold nothing, and one of them is where people sign in."""
        if scope["method"] not in SAFE:
            raise NotLetIn(f"{scope['method']} {scope['path']}: is not classified")
        if scope["path"] == "/ui-settings" and self._comes_signed_in(scope):
            send = _Edited(send, lambda settings: {**settings, "auth": None}).send
            scope = _without(scope, b"accept-encoding")
        await self.inside.app(_nobody(scope), receive, send)

    def _comes_signed_in(self, scope: Scope) -> bool:
        """Tell whether a trusted proxy signs people in: then there is no password to ask for."""
        try:
            return self.door.comes_by_proxy(scope)
        except NotLetIn:
            return False

    def _may(self, caller: Caller, scope: Scope, routes: list[Route]) -> None:
        told = f"{scope['method']} {scope['path']}"
        if not routes:
            self._refused(caller, f"{told}: is not classified, expected a route that is; nobody may use it")
        if not all(route.allows(caller.user.rights) for route in routes):
            needed = " or ".join(sorted({right for route in routes for right in route.rights} - {NEVER}))
            whose = f"the right to {needed}" if needed else "another way: nobody may use this one"
            self._refused(caller, f"{told}: {caller.name} may not, expected {whose}")
        origin = comes_from_elsewhere(scope)
        if scope["method"] not in SAFE and origin:
            self._refused(caller, f"{told}: comes from a page of {origin}, expected one of this server")
        if "secrets" not in caller.user.rights and _asks_for_secrets(
            parse_qsl(scope["query_string"].decode())
        ):
            self._refused(caller, f"{told}: asks for secrets, expected a worker or an admin to do that")

    def _refused(self, caller: Caller, why: str) -> None:
        self.audit.write("refused", caller.name, caller.address, why)
        raise NotLetIn(why)

    async def _classified(
        self, caller: Caller, route: Route, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if route.template.startswith("/sendoff/"):
            await self._ours(caller, route, scope, receive, send)
            return
        if _is_looked_at(caller, route):
            try:
                body = await self._looked_at(caller, route, scope, await _body(Request(scope, receive)))
            except NotLetIn as refused:
                self.audit.write("refused", caller.name, caller.address, str(refused))
                raise
            scope, receive = _with_body(scope, receive, body)
        if route.template == FORM and not caller.user.is_worker:
            send = _Edited(send, bodies.without_stamp).send
            scope = _without(scope, b"accept-encoding")
        await self.inside.app(self._as(caller, scope), receive, send)

    async def _looked_at(self, caller: Caller, route: Route, scope: Scope, raw: bytes) -> bytes:
        """Look at what is said, and give what is sent on in its place."""
        body = _json(raw) if raw else {}
        if deed := self._deeds().get(route.template):
            body = await deed(caller, _number(scope["path"].split("/")[3]), _mapping(body))
        elif route.template == BLOCKS:
            if _mapping(body).get("include_secrets") and "secrets" not in caller.user.rights:
                raise NotLetIn(f"{BLOCKS}: asks for secrets, expected a worker or an admin to do that")
        elif rule := RULES.get(route.template):
            rule(_mapping(body))
        else:
            bodies.no_infrastructure(body)
        if "manage" in route.rights:
            self.audit.write("change", caller.name, caller.address, f"{scope['method']} {scope['path']}")
        return json.dumps(body).encode() if raw or body else b""

    def _deeds(self) -> Mapping[str, Deed]:
        return {
            "/deployments/{id}/create_flow_run": self.deeds.start,
            "/flow_runs/{id}/resume": self.deeds.answer,
            "/flow_runs/{id}/set_state": self.deeds.set_state,
        }

    async def _ours(self, caller: Caller, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        if route.template == "/sendoff/me":
            user = caller.user
            told: Body = {"name": caller.name, "roles": user.roles, "groups": user.groups}
        else:
            told = self.deeds.unlock(caller, _mapping(_json(await _body(Request(scope, receive)))))
        await JSONResponse(told)(scope, receive, send)

    def _as(self, caller: Caller, scope: Scope) -> Scope:
        """Sign in at Prefect for somebody; what people make shows their name there."""
        headers: Headers = [*without_identity(scope["headers"])]
        headers.append((b"authorization", self.inside.authorization.encode()))
        if not caller.user.is_worker:
            headers.append((b"prefect-automation-id", number_of(caller.name).encode()))
            headers.append((b"prefect-automation-name", base64.b64encode(caller.name.encode())))
        return {**scope, "headers": headers}


FORM, BLOCKS = "/flow_runs/{id}/input/{key}", "/block_documents/filter"
RULES = {
    "/deployments/": bodies.deployment,
    "/deployments/{id}": bodies.deployment,
    "/work_pools/": bodies.work_pool,
    "/work_pools/{name}": bodies.work_pool,
}


def _is_looked_at(caller: Caller, route: Route) -> bool:
    """Tell whether more than the route counts: what people change, and runs, whoever changes them."""
    if route.method in SAFE:
        return False
    if "read" in route.rights:
        return route.template == BLOCKS
    about_runs = route.template.startswith("/flow_runs") or route.template.endswith("/create_flow_run")
    return about_runs or not caller.user.is_worker


def _number(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotLetIn(f"{text!r}: is no number of a run or a deployment, expected one", 404) from None


def _mapping(body: Any) -> Body:
    if not isinstance(body, dict):
        raise NotLetIn("request: is no mapping, expected one of names to values", 422)
    return body


def _asks_for_secrets(query: list[tuple[str, str]]) -> bool:
    return any(
        name == "include_secrets" and value.lower() not in ("false", "0", "off", "no", "f", "n")
        for name, value in query
    )


async def _body(request: Request) -> bytes:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MOST:
            raise NotLetIn(f"request: is larger than {MOST} bytes, expected less", 413)
    return bytes(read)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise NotLetIn("request: is no JSON, expected it; nothing was done", 422) from None


def _nobody(scope: Scope) -> Scope:
    return {**scope, "headers": without_identity(scope["headers"])}


def _without(scope: Scope, *names: bytes) -> Scope:
    return {**scope, "headers": [each for each in scope["headers"] if each[0] not in names]}


def _with_body(scope: Scope, receive: Receive, body: bytes) -> tuple[Scope, Receive]:
    """Send this body on in place of the one that came; one that is empty as none."""
    kept = _without(scope, b"content-length", b"transfer-encoding", b"content-type")["headers"]
    kind = [(b"content-type", b"application/json")] if body else []
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": [*kept, *kind, (b"content-length", str(len(body)).encode())]}, replayed


class _Edited:
    """Holds an answer back until it is whole, and sends its JSON on as `edit` gives it."""

    def __init__(self, send: Send, edit: Any) -> None:
        self._send, self._edit = send, edit
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
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


def _refuse(refused: NotLetIn) -> JSONResponse:
    after = {"retry-after": str(math.ceil(refused.after))} if refused.after else {}
    told = {"detail": str(refused), "exception_message": str(refused)}
    return JSONResponse(told, status_code=refused.status, headers=after)
