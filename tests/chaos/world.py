"""All that a release needs, each part of which can be killed and started again."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from benchmarks.farm import Farm
from deployments.answer import answer
from deployments.register import register
from deployments.stories import POOL
from examples.ports import free_port
from examples.processes import Processes
from examples.production.settings import PATIENT_WORKER
from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tests.chaos.processes import called, tree
from tests.chaos.proxy import Proxy
from tests.kit.postgresql import Server, postgresql
from tests.kit.runs import send

T = TypeVar("T")
NAMES = ("a", "b", "c")
STOPPED = "b"  # the host at which a run is stopped, and which is struck
LEASE = 6.0  # seconds; short, so that one can be outlasted
STARTS = 300.0  # seconds; a first start on a busy or slow machine takes some
HOOK = Path(__file__).parent / "hook"
LEAN = {  # without what only the UI's pages of tasks, events and logs show, and answers that stay the same
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "20",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
}
DATE = """\
#!/bin/sh
[ -e '{flag}' ] || exec {date} "$@"
exec {date} -d "@$(($({date} +%s) - 3600))" "$@"
"""


over = threading.Event()  # somebody has interrupted us: nothing is waited for any more


def until(true: Callable[[], T | None], what: str, seconds: float = STARTS, pause: float = 0.05) -> T:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if over.is_set() or time.monotonic() > deadline:
            raise TimeoutError(f"not in {seconds:.0f} s: {what}")
        time.sleep(pause)
    return found


@dataclass(frozen=True)
class Host:
    """One host: its folder, and the proxy that workers reach it through."""

    name: str
    folder: Path
    proxy: Proxy
    clock: Path  # while this file exists, its clock is an hour back


class World:
    """A Prefect server and a ledger on one PostgreSQL, two machines for a worker, and three sshd's."""

    def __init__(self, folder: Path, database: Server) -> None:
        self.folder, self.database = folder, database
        self.posts, self.catalog = folder / "posts", folder / "catalog"
        self.api = f"http://127.0.0.1:{free_port()}/api"
        self.environ = self._environ(ledger=database.new_database(), prefect=database.new_database())
        self.processes = Processes(folder / "logs", self.environ)
        self.settings = Settings.read(self.environ)
        self.machines = itertools.cycle((folder / "machine-1", folder / "machine-2"))
        self.farm = Farm(folder / "ssh", folder / "hosts", NAMES, programs=folder / "bin")
        self.hosts: dict[str, Host] = {}
        self.closing = threading.Event()
        self.client: SyncPrefectClient
        self.http = httpx.Client(timeout=2, verify=False)  # noqa: S501 -- it is on this machine, without TLS
        self.ledger = Ledger.open(self.settings.ledger_url)

    def _environ(self, ledger: str, prefect: str) -> dict[str, str]:
        for each in (self.posts, self.catalog):
            each.mkdir(parents=True)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SENDOFF_"))
        }
        return kept | {
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_API_DATABASE_CONNECTION_URL": prefect.replace("postgresql:", "postgresql+asyncpg:"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            **LEAN,
            "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(self.folder / "shared" / "results"),
            "DO_NOT_TRACK": "1",
            "SENDOFF_HOME": str(self.folder / "home"),
            "SENDOFF_CATALOG": str(self.catalog),
            "SENDOFF_STORE": str(self.folder / "shared" / "store"),
            "SENDOFF_LEDGER": ledger,
            "SENDOFF_LEASE_SECONDS": str(LEASE),
            "CHAOS": str(self.posts),
        }

    @classmethod
    @contextmanager
    def made(cls, folder: Path) -> Iterator[World]:
        """Start all of it, and stop it at the end."""
        with postgresql() as database, cls(folder, database)._running() as world:
            yield world

    @contextmanager
    def _running(self) -> Iterator[World]:
        settings = {PREFECT_API_URL: self.api, PREFECT_HOME: self.folder / "prefect"}
        try:
            self.start_server()
            self._start_hosts()
            with (
                temporary_settings(settings),
                get_client(sync_client=True) as self.client,
                closing(self.ledger),
            ):
                self.start_worker()
                supervisor = threading.Thread(target=self._keep_worker)
                supervisor.start()
                try:
                    yield self
                finally:
                    self.closing.set()
                    supervisor.join()
        finally:
            self.processes.stop()

    def _keep_worker(self) -> None:
        """Start a worker again that ended itself, as a supervisor would; not one that was killed."""
        while not self.closing.wait(1):
            worker = self.processes.running.get("worker")
            has_ended = worker is not None and worker.poll() is not None
            if has_ended and self.processes.running.get("worker") is worker:
                self.start_worker(self.machine)

    def start_server(self) -> None:
        port = self.api.rpartition(":")[2].partition("/")[0]
        self._start("server", "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", port)
        until(self._answers, "the Prefect server", pause=0.3)

    def _answers(self) -> bool:
        self._see_all_alive()
        try:
            return self.http.get(f"{self.api}/health").is_success
        except httpx.TransportError:
            return False

    def start_worker(self, machine: Path | None = None) -> None:
        """Start one on the other machine, or a given one: nothing on the disk of the one before is there."""
        self.machine = machine or next(self.machines)
        (self.machine / "tmp").mkdir(parents=True, exist_ok=True)
        own = {"PREFECT_HOME": "prefect", "SENDOFF_HOME": "sendoff", "TMPDIR": "tmp"}
        variables = [f"{name}={self.machine / folder}" for name, folder in own.items()]
        variables += [f"{name}={value}" for name, value in PATIENT_WORKER.items()]
        python_path = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))
        worker = ("-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process")
        self._start("worker", *worker, variables=(*variables, f"PYTHONPATH={python_path}"))

    def _start_hosts(self) -> None:
        date = next(path for path in ("/usr/bin/date", "/bin/date") if Path(path).exists())
        for host in self.farm.hosts:
            flag, programs = self.folder / f"clock-{host.name}", self.folder / "bin" / host.name
            programs.mkdir(parents=True)
            (programs / "date").write_text(DATE.format(flag=flag, date=date))
            (programs / "date").chmod(0o755)
            self.hosts[host.name] = Host(host.name, Path(host.base), Proxy(host.port), flag)
        self.farm.start(self.processes)
        known = self.farm.known_hosts.read_text()
        for host in self.farm.hosts:
            known = known.replace(f"]:{host.port} ", f"]:{self.hosts[host.name].proxy.port} ")
        self.known_hosts.write_text(known)

    @property
    def known_hosts(self) -> Path:
        """Name the file that holds the hosts' keys, at the ports of their proxies."""
        return self.folder / "known_hosts"

    def _start(self, name: str, *words: str, variables: tuple[str, ...] = ()) -> None:
        self.processes.start(name, ("env", *variables, sys.executable, *words))

    def kill(self, name: str, only: str = "") -> None:
        """Kill a part and all that descends from it, or those among them that are called so."""
        process = self.processes.running.pop(name)
        pids = tree(process.pid)
        send([pid for pid in pids if called(pid).startswith(only)], signal.SIGKILL)
        process.wait()

    def _see_all_alive(self) -> None:
        for name, process in self.processes.running.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}; see {self.processes.logs}")

    def register(self) -> None:
        """Register all; naming the command spares the process that Prefect starts beside each flow."""
        register(self.settings)
        template = self.client.read_work_pool(POOL).base_job_template
        engine = f"{sys.executable} -m deployments.process"
        template["variables"]["properties"]["command"]["default"] = engine
        self.client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))

    def start(self, application: str, version: str) -> str:
        """Start a release; the choices of the form are those of the day of registration, and not enforced."""
        deployment = self.client.read_deployment_by_name("release/release")
        what = {"application": application, "environment": "production", "version": version}
        why = {"summary": "Something new", "reason": "Chaos", "risk": "low", "requested_by": "robin"}
        body = {
            "parameters": {"what": what, "why": why},
            "enforce_parameter_schema": False,
            "idempotency_key": uuid4().hex,  # the client sends again what got no answer
        }
        path = {"id": deployment.id}
        answered = self.client.request(
            "POST", "/deployments/{id}/create_flow_run", path_params=path, json=body
        )
        return str(answered.json()["id"])

    def run(self, run: str) -> FlowRun | None:
        """Look at a run; None while the server is away."""
        try:
            return self.client.read_flow_run(UUID(run))
        except httpx.HTTPError:
            return None

    def approve(self, run: FlowRun) -> str | None:
        """Answer what a run asks, or tell why that was not taken: not ready, or the server away."""
        try:
            return answer(self.client, run, {"decision": "approve", "approver": "sam", "comment": ""})
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}"

    def set_state(self, run: str, state: Any) -> None:
        self.client.set_flow_run_state(UUID(run), state, force=True)
