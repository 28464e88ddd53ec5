"""The table against the Prefect that is installed: nothing of its API is left out, and nothing made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prefect.server.api.server import create_app

from sendoff.server.routes import SOCKET, Routes

OURS = {
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/oauth2-redirect",
    "GET /redoc",
    "GET /static/{file}",
    "GET /sendoff/me",
    "POST /sendoff/unlock",
}


def api() -> Iterator[tuple[str, str]]:
    """List every method and path that this Prefect has."""
    for path, methods in create_app().openapi()["paths"].items():
        yield from ((method.upper(), path) for method in methods)


def sockets(routes: Any) -> Iterator[str]:
    """List every websocket that this Prefect has, however its routers are nested."""
    for route in routes:
        if nested := getattr(route, "original_router", None):
            yield from sockets(nested.routes)
        elif type(route).__name__ == "APIWebSocketRoute":
            yield route.path


def test_every_route_is_classified_once() -> None:
    """What an upgrade of Prefect adds or removes is noticed here; until then it is refused."""
    there = {f"{method} {path}" for method, path in api()}
    classified = [f"{route.method} {route.template}" for route in Routes().all if route.method != SOCKET]
    assert len(classified) == len({*classified})
    assert {*classified} - OURS == there


def test_every_websocket_is_classified() -> None:
    """They are in no OpenAPI."""
    there = {*sockets(create_app().api_app.routes)}
    assert len(there) == 5
    assert {route.template for route in Routes().all if route.method == SOCKET} == there
