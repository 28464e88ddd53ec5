"""Websockets: who is there is told by the first message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from sendoff.server.audit import Audit
from sendoff.server.door import Door
from sendoff.server.proxies import Proxies
from sendoff.server.routes import Routes
from sendoff.server.sockets import REFUSED, Sockets
from sendoff.server.users import UsersFile

PASSWORD = "correct horse battery"
SECRET = "sendoff:inner"


class Prefect:
    """Accepts, takes the first message, says hello, and echoes what else comes."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "prefect"})
        while (message := await receive())["type"] == "websocket.receive":
            self.heard.append(json.loads(message["text"]))
            await send({"type": "websocket.send", "text": "heard"})


@pytest.fixture
def prefect() -> Prefect:
    return Prefect()


def talk(
    prefect: Prefect,
    file: UsersFile,
    path: str,
    *said: Any,
    change: Any = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Say some messages on a websocket; gives what was answered."""
    door = Door(file, Proxies(), Audit(file.path.with_name("audit.jsonl")))
    answers: list[dict[str, Any]] = []
    words = [each if isinstance(each, str) else json.dumps(each) for each in said]
    messages = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": each} for each in words),
    ]

    async def receive() -> Any:
        if len(messages) == 1 and change:
            change()
        return messages.pop(0) if messages else {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Any) -> None:
        answers.append(message)

    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "websocket", "path": path, "headers": sent, "client": ("192.0.2.7", 1)}
    asyncio.run(Sockets(prefect, door, Routes(), SECRET).serve(scope, receive, send))
    return answers


def auth(who: str, password: str = PASSWORD) -> dict[str, str]:
    return {"type": "auth", "token": f"{who}:{password}"}


def is_closed(answers: list[dict[str, Any]]) -> bool:
    return answers[-1]["type"] == "websocket.close" and answers[-1]["code"] == REFUSED


PEOPLE = {"vera", "rob", "pam", "olga", "adam", "worker-1"}


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/api/events/out", PEOPLE),
        ("/api/logs/out", PEOPLE),
        ("/api/events/in", {"worker-1"}),
        ("/api/task_runs/subscriptions/scheduled", {"worker-1"}),
        ("/api/work_pools/sendoff/workers/connect", {"worker-1"}),
        ("/api/moon", set()),
        ("/events/out", set()),
        ("/api/flow_runs/filter", set()),
    ],
)
def test_every_socket_with_every_role(prefect: Prefect, file: UsersFile, path: str, may: set[str]) -> None:
    """What is classified, for whom it is for; Prefect hears nothing of the others."""
    for who in sorted(PEOPLE):
        prefect.heard.clear()
        answers = talk(prefect, file, path, auth(who), {"more": 1})
        assert is_closed(answers) == (who not in may), who
        assert prefect.heard == ([{"type": "auth", "token": SECRET}, {"more": 1}] if who in may else [])


@pytest.mark.parametrize(
    "first",
    [
        auth("rob", "wrong"),
        auth("nobody"),
        {"type": "auth"},
        {"type": "auth", "token": SECRET},
        {"type": "hello", "token": f"rob:{PASSWORD}"},
        "no json",
        "[]",
        '{"type": "auth", "token": {"rob": 1}}',
    ],
    ids=str,
)
def test_the_wrong_are_closed(prefect: Prefect, file: UsersFile, first: Any) -> None:
    """Whatever they say afterwards."""
    answers = talk(prefect, file, "/api/events/out", first, auth("rob"))
    assert is_closed(answers)
    assert prefect.heard == []


def test_whoever_is_removed_is_closed(prefect: Prefect, file: UsersFile) -> None:
    """Also when they had come in before."""

    def remove() -> None:
        UsersFile(file.path).change(lambda users: users.pop("rob"))

    answers = talk(prefect, file, "/api/events/out", auth("rob"), {"more": 1}, change=remove)
    assert is_closed(answers)
    assert prefect.heard == [{"type": "auth", "token": SECRET}]


def test_wrong_passwords_count_here_too(prefect: Prefect, file: UsersFile, tmp_path: Path) -> None:
    """They are written down."""
    talk(prefect, file, "/api/events/out", auth("rob", "wrong password"))
    assert '"wrong password"' in file.path.with_name("audit.jsonl").read_text()


def test_a_page_elsewhere_hears_nothing(prefect: Prefect, file: UsersFile) -> None:
    """A page of another server that a browser has open, whoever is signed in there."""
    ours = {"origin": "https://server.example", "host": "server.example"}
    assert not is_closed(talk(prefect, file, "/api/logs/out", auth("vera"), headers=ours))
    for origin in ("https://evil.example", "null"):
        theirs = ours | {"origin": origin}
        assert is_closed(talk(prefect, file, "/api/logs/out", auth("vera"), headers=theirs))
