"""Users, a recorder in Prefect's place, and a client of what stands in front of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from argon2 import PasswordHasher

from sendoff.server import users as module
from sendoff.server.opening import behind_sign_in
from sendoff.server.settings import ServerSettings
from sendoff.server.users import User, UsersFile

PASSWORD = "correct horse battery"
PEOPLE: dict[str, dict[str, Any]] = {
    "vera": {"roles": ("viewer",)},
    "rob": {"roles": ("releaser",)},
    "pam": {"groups": ("product",)},
    "olga": {"roles": ("approver",), "groups": ("ops",)},
    "adam": {"roles": ("admin",)},
    "worker-1": {"roles": ("worker",)},
}


class Prefect:
    """Takes everything that is let through, and knows the things that it was told of."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.things: dict[str, Any] = {}
        self.broken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        path = scope["path"]
        said = json.loads(body) if body else None
        self.seen.append({"method": scope["method"], "path": path, "headers": headers, "body": said})
        known = self.things.get(path.removeprefix("/api"))
        status = self.broken or (200 if known is not None or scope["method"] != "GET" else 404)
        answer = json.dumps(known).encode()
        start = [(b"content-length", str(len(answer)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": start})
        await send({"type": "http.response.body", "body": answer})

    @property
    def last(self) -> dict[str, Any]:
        return self.seen[-1]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with less memory and time; the tests are not what passwords are kept from."""
    monkeypatch.setattr(module, "HASHER", PasswordHasher(1, 64, 1))


@pytest.fixture
def file(tmp_path: Path) -> UsersFile:
    """Give a file with somebody of each role."""
    file = UsersFile(tmp_path / "server" / "users.yaml")
    kept = module.hashed(PASSWORD)
    file.change(lambda users: users.update({n: User(**p, password=kept) for n, p in PEOPLE.items()}))
    return file


@pytest.fixture
def prefect() -> Prefect:
    return Prefect()


@pytest.fixture
def settings(file: UsersFile) -> ServerSettings:
    return ServerSettings(folder=file.path.parent)


@pytest.fixture
def ask(prefect: Prefect, settings: ServerSettings) -> Iterator[Callable[..., httpx.Response]]:
    """Send a request as somebody: `ask("rob", "GET", "/flows/filter", json=…)`."""
    app = behind_sign_in(prefect, "sendoff:the inner secret", settings)

    def request(who: str | None, method: str, path: str, **more: Any) -> httpx.Response:
        client, password = more.pop("client", "192.0.2.7"), more.pop("password", PASSWORD)
        headers = dict(more.pop("headers", {}))
        if who:
            headers["authorization"] = f"Basic {base64.b64encode(f'{who}:{password}'.encode()).decode()}"

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(app=app, client=(client, 4711))
            async with httpx.AsyncClient(transport=transport, base_url="http://server.example") as asked:
                root = "" if more.pop("outside", False) else "/api"
                return await asked.request(method, f"{root}{path}", headers=headers, **more)

        return anyio.run(sent)

    yield request
    app.audit.close()


@pytest.fixture
def audit(settings: ServerSettings) -> Callable[[], list[dict[str, Any]]]:
    """Read what was written down."""
    return lambda: [json.loads(line) for line in settings.audit.read_text().splitlines()]
