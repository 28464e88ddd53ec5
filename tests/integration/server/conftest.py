"""A real server with sign-in, a worker with an account of its own, and people who sign in."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient

from deployments.stories import POOL
from examples.demo.hosts import EmbeddedHosts
from examples.demo.workspace import STOREFRONT, Workspace
from examples.ports import free_port
from examples.processes import Processes
from sendoff.server.keys import PUBLIC, key_pair
from sendoff.server.users import User, UsersFile, generated, hashed

REGISTER = (sys.executable, "-m", "deployments.register")
SENDOFF = str(Path(sys.executable).with_name("sendoff"))
PEOPLE: Mapping[str, User] = {
    "vera": User(roles=("viewer",)),
    "rob": User(roles=("releaser",)),
    "pam": User(groups=("product",)),
    "olga": User(roles=("approver",), groups=("ops",)),
    "adam": User(roles=("admin",)),
    "worker-1": User(roles=("worker",)),
}
WHY = {"summary": "Customers see something new", "reason": "The tests", "risk": "low"}
Stack = Any  # the classes stand in the conftest.py above, which tests do not import


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, at the API that the pages use."""

    name: str
    password: str
    api: str

    @property
    def credentials(self) -> str:
        return f"{self.name}:{self.password}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask; again while the server's database is busy (503), as Prefect's own client does."""
        deadline = time.monotonic() + 30
        while True:
            answer = httpx.request(
                method, f"{self.api}{path}", auth=(self.name, self.password), timeout=60, **more
            )
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer
            time.sleep(0.5)

    def start(self, story: str, what: Mapping[str, str], **more: Any) -> httpx.Response:
        """Start a story as its form does."""
        found = self.ask("GET", f"/deployments/name/{story}/{story}").json()
        parameters = {"what": what, "why": WHY}
        return self.ask(
            "POST", f"/deployments/{found['id']}/create_flow_run", json={"parameters": parameters, **more}
        )

    def answer(self, run: str, **said: str) -> httpx.Response:
        """Answer the form that a run waits with."""
        return self.ask("POST", f"/flow_runs/{run}/resume", json={"run_input": said})

    def cancel(self, run: str) -> httpx.Response:
        return self.ask("POST", f"/flow_runs/{run}/set_state", json={"state": {"type": "CANCELLING"}})


@dataclass(frozen=True)
class SignedIn:
    """The server, and everybody who may sign in there."""

    stack: Stack
    folder: Path
    people: Mapping[str, Person]
    eventually: Callable[..., Any]

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    @property
    def audit(self) -> list[dict[str, Any]]:
        """Read who did what."""
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, make_stack: Callable[..., Stack], eventually: Callable[..., Any]
) -> Iterator[SignedIn]:
    """Start all of it; its key is made before, as the worker needs the public one."""
    folder = tmp_path_factory.mktemp("signed-in") / "demo"
    with Workspace(folder, ui_port=str(free_port())) as workspace:
        workspace.prepare()
        shutil.copy(STOREFRONT / "hosts.yaml", workspace.catalog)
        ours = folder / "server"
        key_pair(ours)
        people = {name: Person(name, generated(), workspace.api) for name in PEOPLE}
        _add(UsersFile(ours / "users.yaml"), people)
        environ = workspace.environ(os.environ) | {"SENDOFF_SIGNED_BY": str(ours / PUBLIC)}
        processes = Processes(workspace.logs, environ)
        try:
            _start(workspace, processes, ours, eventually)
            adam = people["adam"].credentials
            processes.run("register", REGISTER, {"PREFECT_API_AUTH_STRING": adam})
            worker = (sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process")
            processes.start("worker", worker, {"PREFECT_API_AUTH_STRING": people["worker-1"].credentials})
            # It is told where the server is: the settings of this process may be those of another one.
            with SyncPrefectClient(workspace.api, auth_string=adam) as client:
                stack = make_stack(workspace, processes, client, environ)
                with closing(stack.ledger):
                    yield SignedIn(stack, ours, people, eventually)
        finally:
            processes.stop()


def _add(file: UsersFile, people: Mapping[str, Person]) -> None:
    def add(users: dict[str, User]) -> None:
        for name, person in people.items():
            users[name] = PEOPLE[name].model_copy(update={"password": hashed(person.password)})

    file.change(add)


def _start(workspace: Workspace, processes: Processes, ours: Path, eventually: Callable[..., Any]) -> None:
    command = (SENDOFF, "server", "--port", str(workspace.ui_port))
    secret = ours / "proxy.secret"
    secret.touch(mode=0o600)
    secret.write_text(generated())
    environ = {
        "SENDOFF_SERVER_FOLDER": str(ours),
        "SENDOFF_SERVER_PROXIES": "127.0.0.1",
        "SENDOFF_SERVER_PROXY_SECRET": str(secret),
    }
    processes.start("server", command, environ)

    def answers() -> bool:
        assert not processes.dead(), processes.dead()
        try:
            return httpx.get(f"{workspace.api}/health", timeout=2).is_success
        except httpx.TransportError:
            return False

    eventually(answers, "the server")


@pytest.fixture
def signed_application(
    server: SignedIn, make_described: Callable[..., Any], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """Make an application for one test, with hosts of its own."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].rstrip("-")
    hosts = EmbeddedHosts(server.stack.workspace.folder / "farm" / name, ("a", "b")).start()

    def make(**changes: Any) -> Any:
        application = make_described(name, server.stack, hosts, server.stack.workspace.catalog / name)
        application.describe(**changes)
        adam = {"PREFECT_API_AUTH_STRING": server["adam"].credentials}
        server.stack.processes.run("register", REGISTER, adam)
        return application

    yield make
    hosts.stop()
