"""The app in front of Prefect's: lets nobody in whom it does not know, nor to what is not classified."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

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
from sendoff.server.wire import (
    Edited,
    Heard,
    asks_for_secrets,
    body_of,
    mapping,
    nobody,
    read_json,
    refusal,
    with_body,
    without,
)

API = "/api/"
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
            heard = Heard(receive)
            try:
                await self._http(scope, heard.receive, send)
            except NotLetIn as refused:
                await heard.out()
                await refusal(refused)(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if not path.startswith(API):
            await self._page(scope, receive, send)
            return
        routes = self.routes.matching(method, path.removeprefix("/api"))
        if routes and all(route.is_open for route in routes):
            await self.inside.app(nobody(scope), receive, send)
            return
        caller = await self.door.who(scope)
        self._may(caller, scope, routes)
        await self._classified(caller, routes[0], scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the pages themselves: they hold nothing, and one of them is where people sign in."""
        if scope["method"] not in SAFE:
            raise NotLetIn(f"{scope['method']} {scope['path']}: is not classified")
        if scope["path"] == "/ui-settings" and self._comes_signed_in(scope):
            send = Edited(send, lambda settings: {**settings, "auth": None}).send
            scope = without(scope, b"accept-encoding")
        await self.inside.app(nobody(scope), receive, send)

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
        if "secrets" not in caller.user.rights and asks_for_secrets(scope):
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
                body = await self._looked_at(caller, route, scope, await body_of(Request(scope, receive)))
            except NotLetIn as refused:
                self.audit.write("refused", caller.name, caller.address, str(refused))
                raise
            scope, receive = with_body(scope, receive, body)
        if edit := _edit(caller, route):
            send = Edited(send, edit).send
            scope = without(scope, b"accept-encoding")
        await self.inside.app(self._as(caller, scope), receive, send)

    async def _looked_at(self, caller: Caller, route: Route, scope: Scope, raw: bytes) -> bytes:
        """Look at what is said, and give what is sent on in its place."""
        body = read_json(raw) if raw else {}
        if deed := self._deeds().get((route.method, route.template)):
            said = body if route.template == SCHEDULES else mapping(body)
            body = await deed(caller, _number(scope["path"]), said)
        elif route.template == BLOCKS:
            if mapping(body).get("include_secrets") and "secrets" not in caller.user.rights:
                raise NotLetIn(f"{BLOCKS}: asks for secrets, expected a worker or an admin to do that")
        elif rule := RULES.get(route.template):
            rule(mapping(body))
        else:
            bodies.no_infrastructure(body)
        if "manage" in route.rights:
            self.audit.write("change", caller.name, caller.address, f"{scope['method']} {scope['path']}")
        return json.dumps(body).encode() if raw or body else b""

    def _deeds(self) -> Mapping[tuple[str, str], Deed]:
        return {
            ("POST", "/deployments/{id}/create_flow_run"): self.deeds.start,
            ("POST", "/flow_runs/{id}/resume"): self.deeds.answer,
            ("POST", "/flow_runs/{id}/set_state"): self.deeds.set_state,
            ("POST", "/deployments/"): self.deeds.deploy,
            ("PATCH", "/deployments/{id}"): self.deeds.deploy,
            ("POST", SCHEDULES): self.deeds.schedule,
            ("PATCH", f"{SCHEDULES}/{{schedule_id}}"): self.deeds.schedule,
            ("POST", "/automations/"): self.deeds.automate,
            ("PUT", "/automations/{id}"): self.deeds.automate,
        }

    async def _ours(self, caller: Caller, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        if route.template == "/sendoff/me":
            user = caller.user
            told: Body = {"name": caller.name, "roles": user.roles, "groups": user.groups}
        else:
            told = self.deeds.unlock(caller, mapping(read_json(await body_of(Request(scope, receive)))))
        await JSONResponse(told)(scope, receive, send)

    def _as(self, caller: Caller, scope: Scope) -> Scope:
        """Sign in at Prefect for somebody; what people make shows their name there."""
        headers: Headers = [*without_identity(scope["headers"])]
        headers.append((b"authorization", self.inside.authorization.encode()))
        if not caller.user.is_worker:
            headers.append((b"prefect-automation-id", number_of(caller.name).encode()))
            headers.append((b"prefect-automation-name", base64.b64encode(caller.name.encode())))
        return {**scope, "headers": headers}


FORM, BLOCKS, SETTINGS = "/flow_runs/{id}/input/{key}", "/block_documents/filter", "/admin/settings"
SCHEDULES = "/deployments/{id}/schedules"
RULES = {
    "/work_pools/": bodies.work_pool,
    "/work_pools/{name}": bodies.work_pool,
}


def _edit(caller: Caller, route: Route) -> Callable[[Any], Any] | None:
    """Give what takes away from an answer what is not for this caller, if anything is."""
    if route.template == FORM and not caller.user.is_worker:
        return bodies.without_stamp
    if route.template == SETTINGS and "manage" not in caller.user.rights:
        return bodies.settings_of_pages
    return None


def _is_looked_at(caller: Caller, route: Route) -> bool:
    """Tell whether more than the route counts: what people change, and runs, whoever changes them."""
    if route.method in SAFE:
        return False
    if "read" in route.rights:
        return route.template == BLOCKS
    about_runs = route.template.startswith("/flow_runs") or route.template.endswith("/create_flow_run")
    return about_runs or not caller.user.is_worker


def _number(path: str) -> str:
    """Read the number of what a path is about; "" where it is about no one thing yet."""
    text = "".join(path.removeprefix(API).split("/")[1:2])
    if not text:
        return ""
    try:
        return str(UUID(text))
    except ValueError:
        raise NotLetIn(f"{text!r}: is no number of a run or a deployment, expected one", 404) from None
