"""The whole of Prefect's API with every role, at a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prefect.server.api.server import create_app

from sendoff.server.roles import RIGHTS, rights
from sendoff.server.routes import Routes

SignedIn = Any  # the class stands in conftest.py, which tests do not import
pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("signed-in"), pytest.mark.timeout(2400)]

ANEW = httpx.Limits(max_keepalive_connections=0)  # a body that a route does not read ends its line
WHO = {
    "vera": ("viewer",),
    "rob": ("releaser",),
    "adam": ("admin",),
    "worker-1": ("worker",),
    "olga": ("approver",),
}


def api() -> Iterator[tuple[str, str]]:
    """List every method and path that this Prefect has."""
    for path, methods in create_app().openapi()["paths"].items():
        yield from ((method.upper(), path) for method in methods)


def filled(path: str) -> str:
    """Fill a path with things that are not there."""
    return re.sub(r"\{(\w+)\}", lambda found: str(uuid4()) if "id" in found[1] else "nothing-like-it", path)


@pytest.mark.parametrize("who", WHO)
def test_the_whole_api_with_a_role(server: SignedIn, who: str) -> None:
    """Whoever may use a route hears Prefect's own answer; whoever may not is refused in a sentence."""
    routes, mine = Routes(), rights(WHO[who], [])
    with httpx.Client(
        base_url=server[who].api, auth=(who, server[who].password), timeout=60, limits=ANEW
    ) as client:
        for method, path in api():
            (route,) = routes.matching(method, path)
            answer = client.request(method, filled(path), json={} if method != "GET" else None)
            what = f"{who}: {method} {path}: {answer.status_code} {answer.text[:200]}"
            if route.allows(mine):
                assert answer.status_code != 401, what
                refused = answer.status_code == 403
                assert not refused or "state" in answer.json()["detail"], what
            else:
                assert answer.status_code == 403, what
                assert who in answer.json()["detail"], what


def test_the_whole_api_with_nobody(server: SignedIn) -> None:
    """Nothing but health is open, also to whoever knows how Prefect's own password looks."""
    with httpx.Client(
        base_url=server["vera"].api, auth=("sendoff", "guessed"), timeout=60, limits=ANEW
    ) as client:
        for method, path in api():
            answer = client.request(method, filled(path), json={}, auth=None)
            assert answer.status_code == (200 if path in ("/health", "/ready") else 401), (method, path)


def test_every_role_is_walked() -> None:
    """None is left out of this."""
    assert {role for roles in WHO.values() for role in roles} == {*RIGHTS}


def test_nobody_reads_the_key_or_the_secrets(server: SignedIn) -> None:
    """An admin sees all settings and blocks, and neither the key of the stamps nor a hash."""
    key = (server.folder / "stamps.key").read_text().splitlines()[1]
    adam = server["adam"]
    told = [
        adam.ask("GET", "/admin/settings").text,
        adam.ask("POST", "/block_documents/filter", json={"include_secrets": True}).text,
        adam.ask("POST", "/variables/filter", json={}).text,
        httpx.get(adam.api.removesuffix("/api") + "/../server/stamps.key").text,
        httpx.get(adam.api.removesuffix("/api") + "/%2e%2e/server/stamps.key").text,
    ]
    for text in told:
        assert key not in text
        assert "$argon2id$" not in text
        assert adam.password not in text


def test_a_guesser_is_slowed_down(server: SignedIn) -> None:
    """By name and address; who is signed in already goes on."""
    assert server["olga"].ask("GET", "/version").status_code == 200
    statuses = [
        httpx.get(f"{server['olga'].api}/version", auth=("olga", f"guess {number}")).status_code
        for number in range(8)
    ]
    assert statuses[:5] == [401] * 5
    late = httpx.get(f"{server['olga'].api}/version", auth=("olga", "one more guess"))
    assert late.status_code in (401, 429)
    assert 429 in statuses
    assert server["olga"].ask("GET", "/version").status_code == 200
    guesses = [line for line in server.audit if (line["what"], line["who"]) == ("wrong password", "olga")]
    assert len(guesses) >= 5
    assert all(line["address"] == "127.0.0.1" for line in guesses)
