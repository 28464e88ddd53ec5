"""A real Prefect server, a real worker and real hosts for all tests; each story has an application."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from deployments.answer import answer
from deployments.register import register
from deployments.stories import POOL
from examples.demo.hosts import EmbeddedHosts
from examples.demo.workspace import HOSTS, Workspace
from examples.ports import free_port
from examples.processes import Processes
from examples.production.place import APPROVER, OPERATOR
from examples.production.wiring import Wiring
from sendoff.ledger import Ledger
from sendoff.ledger.models import Event
from sendoff.settings import Settings
from tests.kit.postgresql import postgresql

DEADLINE = 480.0  # seconds; a server may be held up for minutes on a busy or slow machine
WHY = {
    "summary": "Customers see something new",
    "reason": "The tests",
    "risk": "low",
    "requested_by": "robin",
}
BUILD = """\
set -eu
mkdir out
echo "$SENDOFF_VERSION" >out/version
[ ! -d files ] || cp -r files out/
"""


def until(true: Callable[[], Any], what: str, seconds: float = DEADLINE, pause: float = 0.1) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {what}"
        time.sleep(pause)
    return found


@dataclass(frozen=True)
class Root:
    """The folder of one application on one host, looked at from outside."""

    path: Path

    @property
    def live(self) -> str | None:
        """Name the version that `current` points to."""
        current = self.path / "current"
        return current.readlink().name.partition("-")[0] if current.is_symlink() else None

    @property
    def releases(self) -> list[str]:
        """Name the versions that lie there."""
        return sorted(each.name.rpartition("-")[0] for each in (self.path / "releases").glob("*"))

    @property
    def leftovers(self) -> list[str]:
        """Name what broken work has left."""
        inside = [each.name for each in (self.path / ".sendoff" / "tmp").glob("*")]
        return inside + [each.name for each in self.path.glob(".current.*")]

    def release(self, version: str) -> Path:
        """Find the folder of a version."""
        return next((self.path / "releases").glob(f"{version}-*"))

    def switch(self, version: str) -> None:
        """Make a version live by hand, as an engineer at night would."""
        new = self.path / "by-hand"
        new.symlink_to(f"releases/{self.release(version).name}")
        new.rename(self.path / "current")


class Stack:
    """What a release manager can do and see, and what an engineer sees on the hosts."""

    def __init__(
        self,
        workspace: Workspace,
        processes: Processes,
        client: SyncPrefectClient,
        environ: Mapping[str, str],
    ) -> None:
        self.workspace, self.processes, self.client = workspace, processes, client
        self.environ = environ
        self.settings = Settings.read(self.environ)
        self.ledger = Ledger.open(self.settings.ledger_url)

    def register(self) -> list[str]:
        return register(self.settings)

    def start(
        self,
        story: str,
        what: Mapping[str, str] | None,
        why: Mapping[str, Any] = {},
        **more: Any,
    ) -> str:
        """Start a registered story; `story` may name one of several deployments as `release/nightly-…`."""
        name = story if "/" in story else f"{story}/{story}"
        deployment = self.client.read_deployment_by_name(name)
        parameters = {"where" if story == "verify" else "what": what, "why": {**WHY, **why}}
        again = {"idempotency_key": uuid4().hex}  # the client sends again what got no answer
        body = {**({"parameters": parameters} if what else {}), **again, **more}
        answered = self.client.request(
            "POST", "/deployments/{id}/create_flow_run", path_params={"id": deployment.id}, json=body
        )
        return str(answered.json()["id"])

    def running(self) -> set[str]:
        """Name the runs of the releases that have not ended."""
        return {created.release for created in self.ledger.running()}

    def begun_since(self, known: Collection[str]) -> str:
        """Wait for a release to begin that is none of those known, as somebody started it; gives its run."""
        return str(until(lambda: next(iter(self.running().difference(known)), None), "a release begins"))

    def run(self, run: str) -> FlowRun:
        return self.client.read_flow_run(UUID(run))

    def state(self, run: str) -> State[Any]:
        state = self.run(run).state
        assert state is not None
        return state

    def wait_for(self, run: str, *names: str, seconds: float = DEADLINE) -> State[Any]:
        """Wait until a run is in one of these states; any other end is a failure at once.

        A crash is none: it goes on by itself, as where a process is killed, or was not heard of.
        """

        def is_there() -> State[Any] | None:
            state = self.state(run)
            if state.name in names:
                return state
            assert not self.processes.dead(), self.processes.dead()
            stays = (state.is_final() and state.name != "Crashed") or state.is_paused()
            assert not stays, f"{state.name}: {state.message}; wanted {names}\n{self.logs(run)[-3000:]}"
            return None

        found = until(is_there, f"{names}; the run is {self.state(run).name}", seconds)
        assert isinstance(found, State)
        return found

    def wait_after_answer(self, run: str, *names: str) -> State[Any]:
        """Wait for what comes of an answer that was given elsewhere."""
        until(lambda: not self.state(run).is_paused(), "the answer is taken")
        return self.wait_for(run, *names)

    def tell(self, story: str, what: Mapping[str, str], *names: str, **why: Any) -> tuple[str, State[Any]]:
        """Start a story and wait for a state; gives the run and its state."""
        run = self.start(story, what, why)
        return run, self.wait_for(run, *names)

    def answer(self, run: str, decision: str, approver: str, comment: str = "") -> str | None:
        """Answer the form; None when the server took it, else why not."""
        self.form(run)
        given = {"decision": decision, "approver": approver, "comment": comment}
        return answer(self.client, self.run(run), given)

    def approve(self, run: str, approver: str, *names: str) -> State[Any]:
        """Approve, and wait for what comes of it."""
        refused = self.answer(run, "approve", approver)
        assert refused is None, refused
        return self.wait_for(run, *names)

    def decide(self, run: str, decision: str, who: str, comment: str = "") -> str | None:
        """Say what is to be done where something broke; None when the server took it, else why not."""
        self.form(run)
        return answer(self.client, self.run(run), {"decision": decision, "who": who, "comment": comment})

    def form(self, run: str) -> str:
        """Read what stands above the form that the run waits with; Prefect writes it after the state."""
        state = self.state(run)
        key = f"{state.name}-{state.state_details.pause_key}-description".lower()

        def read() -> str | None:
            try:
                return str(json.loads(self.client.read_flow_run_input(UUID(run), key)))
            except PrefectHTTPStatusError as error:
                if error.response.status_code == HTTPStatus.NOT_FOUND:
                    return None
                raise

        return str(until(read, f"{key} of {run}"))

    def logs(self, run: str) -> str:
        mine = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[UUID(run)]))
        pages = itertools.takewhile(
            bool, (self.client.read_logs(mine, limit=200, offset=at) for at in itertools.count(0, 200))
        )
        return "\n".join(log.message for page in pages for log in page)

    def tasks(self, run: str) -> list[TaskRun]:
        mine = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run)]))
        return self.client.read_task_runs(flow_run_filter=mine, limit=200)

    def artifacts(self, run: str) -> dict[str, Any]:
        """Give the newest artifact of each key that the run has made."""
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run)]))
        found = self.client.read_artifacts(artifact_filter=mine)
        return {str(each.key): each.data for each in sorted(found, key=lambda each: str(each.created))}

    def events(self, run: str, *kinds: Any) -> list[Event]:
        return list(self.ledger.events(run, kinds or None))

    def end(self, run: str) -> str:
        """Tell how the ledger says that a run ended; it says so once."""
        (ended,) = self.events(run, "release.ended")
        return str(ended.body["end"])

    def report(self, run: str) -> str:
        (report,) = (data for key, data in self.artifacts(run).items() if key.startswith("report-"))
        return str(report)

    def assert_settled(self, application: str) -> None:
        """Nothing is held any more, a moment after its end is written down, and the ledger is whole."""
        until(lambda: not self._held(application), f"everything given back: {self._held(application)}")
        assert self.ledger.verify() is None

    def _held(self, application: str) -> list[Any]:
        return [each for each in self.ledger.leases() if each.resource.startswith(f"{application}/")]


@dataclass
class Application:
    """An application with hosts of its own, which run in this process and can die."""

    name: str
    stack: Stack
    hosts: EmbeddedHosts
    folder: Path

    def what(self, version: str) -> dict[str, str]:
        return {"application": self.name, "environment": "production", "version": version}

    @property
    def where(self) -> dict[str, str]:
        return {"application": self.name, "environment": "production"}

    def on(self, host: str) -> Root:
        return Root(self.hosts.hosts[host].folder / "app")

    @property
    def live(self) -> list[str | None]:
        """Name what is live on each host."""
        return [self.on(host).live for host in self.hosts.names]

    @property
    def releases(self) -> list[list[str]]:
        return [self.on(host).releases for host in self.hosts.names]

    @property
    def leftovers(self) -> list[str]:
        return [each for host in self.hosts.names for each in self.on(host).leftovers]

    def describe(self, **changes: Any) -> None:
        """Write the release file: `build`, `target`, `checks`, `gates`, `on_trouble` and more may be said."""
        hosts = self.hosts.hosts.values()
        target = {
            "name": "web",
            "hosts": list(self.hosts.names),
            "user": "deploy",
            "private_key": str(self.hosts.client_key),
            "known_hosts": str(self.hosts.known_hosts),
            "root": "{base}/app",
            **changes.get("target", {}),
        }
        release_file = {
            "application": self.name,
            "owner": "The tests",
            "hosts": {
                each.name: {
                    "address": each.address,
                    "port": each.port,
                    "variables": {"base": str(each.folder)},
                }
                for each in hosts
            },
            "build": {
                "source": {"folder": "source"},
                "command": ["sh", "build.sh"],
                "output": "out",
                **changes.get("build", {}),
            },
            "environments": [
                {
                    "name": "production",
                    "targets": [target],
                    "checks": changes.get("checks", []),
                    "gates": changes.get("gates", []),
                    "on_trouble": changes.get("on_trouble", {}),
                    "windows": changes.get("windows", []),
                    "freezes": changes.get("freezes", []),
                    **changes.get("environment", {}),
                }
            ],
            **changes.get("top", {}),
        }
        (self.folder / "source").mkdir(parents=True, exist_ok=True)
        (self.folder / "source" / "build.sh").write_text(changes.get("script", BUILD))
        (self.folder / "release.yaml").write_text(yaml.safe_dump(release_file, sort_keys=False))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The demo's own server, hosts and worker, in a folder of the tests.

    The server keeps its data in PostgreSQL: on a busy machine it holds SQLite up for minutes. `make demo` and
    what stands in the documentation are tried with SQLite.
    """
    folder = tmp_path_factory.mktemp("stack") / "demo"
    with Workspace(folder, ui_port=str(free_port())) as workspace, postgresql() as database:
        workspace.prepare()
        url = database.new_database().replace("postgresql:", "postgresql+asyncpg:")
        environ = workspace.environ(os.environ) | {"PREFECT_API_DATABASE_CONNECTION_URL": url}
        processes = Processes(workspace.logs, environ)
        try:
            _start(workspace, processes)
            settings = {PREFECT_API_URL: workspace.api, PREFECT_HOME: folder / "prefect"}
            with temporary_settings(settings), get_client(sync_client=True) as client:
                stack = Stack(workspace, processes, client, environ)
                stack.register()
                worker = ("worker", "start", "--pool", POOL, "--type", "process")
                processes.start("worker", (sys.executable, "-m", "prefect", *worker))
                with closing(stack.ledger):
                    yield stack
        finally:
            processes.stop()


def _start(workspace: Workspace, processes: Processes) -> None:
    server = ("server", "start", "--host", "127.0.0.1", "--port", str(workspace.ui_port))
    processes.start("server", (sys.executable, "-m", "prefect", *server))
    hosts = ("--folder", str(workspace.ssh), "--names", ",".join(HOSTS))
    processes.start("hosts", (sys.executable, "-m", "examples.demo.hosts", *hosts))
    until((workspace.ssh / "hosts.json").exists, "the hosts")
    workspace.describe_hosts()

    def answers() -> bool:
        assert not processes.dead(), processes.dead()
        try:
            return httpx.get(f"{workspace.api}/health", timeout=2).is_success
        except httpx.TransportError:
            return False

    until(answers, "the Prefect server")


@pytest.fixture(scope="session")
def make_stack() -> type[Stack]:
    """Give the views, for a server that is started elsewhere."""
    return Stack


@pytest.fixture(scope="session")
def make_described() -> type[Application]:
    """Give what describes an application, for one that lives elsewhere."""
    return Application


@pytest.fixture(scope="session")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    """All parts of a production on this machine; who stops or kills one starts it again."""
    with Wiring(tmp_path_factory.mktemp("wiring") / "production") as wiring:
        wiring.start_all()
        yield wiring


@pytest.fixture(scope="session")
def production(wiring: Wiring) -> Iterator[Stack]:
    """The same views of that wiring, as its operator."""
    yield from _signed_in(wiring, OPERATOR)


@pytest.fixture(scope="session")
def approving(wiring: Wiring) -> Iterator[Stack]:
    """The same, as somebody who may agree to what goes to production."""
    yield from _signed_in(wiring, APPROVER)


def _signed_in(wiring: Wiring, who: str) -> Iterator[Stack]:
    """Sign in. The client is told where it is: settings are the other server's."""
    environ = {**wiring.processes.environ, **wiring.environ}
    with SyncPrefectClient(wiring.place.api, auth_string=wiring.place.credentials[who]) as client:
        stack = Stack(wiring.place, wiring.processes, client, environ)
        with closing(stack.ledger):
            yield stack


@pytest.fixture(scope="session")
def on_host(stack: Stack) -> Callable[..., Root]:
    """Look at the storefront on a host of the demo."""

    def look(host: str, environment: str = "production") -> Root:
        return Root(stack.workspace.ssh / "hosts" / host / "storefront" / environment)

    return look


@pytest.fixture(scope="session")
def make_application(stack: Stack) -> Iterator[Callable[..., Application]]:
    """Make applications known to the server, each with hosts of its own; they are gone at the end."""
    made: list[Application] = []

    def make(name: str, hosts: Sequence[str] = ("a", "b"), **changes: Any) -> Application:
        running = EmbeddedHosts(stack.workspace.folder / "farm" / name, hosts).start()
        application = Application(name, stack, running, stack.workspace.catalog / name)
        made.append(application)
        application.describe(**changes)
        stack.register()
        return application

    yield make
    for application in made:
        application.hosts.stop()
        shutil.rmtree(application.folder)


@pytest.fixture
def application(
    make_application: Callable[..., Application], request: pytest.FixtureRequest
) -> Callable[..., Application]:
    """Make an application for one test, named after it."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:40].rstrip("-")

    def make(hosts: Sequence[str] = ("a", "b"), **changes: Any) -> Application:
        return make_application(name, hosts, **changes)

    return make


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Wait until something is true, or fail saying what was not."""
    return until
