"""The whole Prefect flow: a server and a worker, and releases started as anybody would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml

from benchmarks.cpu import settle, used
from benchmarks.farm import ADDRESS, Farm
from benchmarks.measure import Measured
from benchmarks.workload import APPLICATION, BUILD, Version, Workload
from examples.ports import free_port
from examples.processes import Processes
from sendoff.errors import StepErrored

DEADLINE = 120.0
LONGEST = 300.0


class FlowServer:
    """A Prefect server with Sendoff registered and a worker; both end with `processes`."""

    def __init__(self, folder: Path, workload: Workload, processes: Processes) -> None:
        self.port = free_port()
        self.processes, self.workload = processes, workload
        self.api = f"http://127.0.0.1:{self.port}/api"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "SENDOFF_"))
        }
        shutil.rmtree(folder, ignore_errors=True)
        self.environ = kept | {
            "PREFECT_HOME": str(folder),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DO_NOT_TRACK": "1",
            "SENDOFF_HOME": str(workload.home),
            "SENDOFF_CATALOG": str(workload.catalog),
        }

    def start(self, farm: Farm, sizes: Sequence[int]) -> None:
        """Describe the farm in a release file, with an environment for each size; start and register."""
        describe(farm, sizes, self.workload.catalog)
        prefect = (sys.executable, "-m", "prefect")
        self._start("server", (*prefect, "server", "start", "--host", "127.0.0.1", "--port", str(self.port)))
        self._wait_for_server()
        subprocess.run(
            [sys.executable, "-m", "deployments.register"],
            env=self.environ, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        self._start("worker", (*prefect, "worker", "start", "--pool", "sendoff", "--type", "process"))

    def release(self, version: Version, hosts: int) -> Measured:
        """Release a version to so many hosts and wait for the end."""
        why = {
            "summary": "A measured release",
            "reason": "The benchmark",
            "risk": "low",
            "risk_note": "None: the hosts are not real.",
            "requested_by": "bench",
        }
        what = {"application": APPLICATION, "environment": f"hosts-{hosts}", "version": version.name}
        deployment = self._call("GET", "/deployments/name/release/release")["id"]
        order = {"parameters": {"what": what, "why": why}, "idempotency_key": str(uuid4())}
        run = self._call("POST", f"/deployments/{deployment}/create_flow_run", order)["id"]
        pids = [self.processes.running[name].pid for name in ("server", "worker")]
        before = used(pids)
        told = self._ended(run)
        settle(pids[1:])
        return times(told, used(pids) - before)

    def _ended(self, run: str) -> Mapping[str, Any]:
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            told: Mapping[str, Any] = self._call("GET", f"/flow_runs/{run}")
            if told["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                return told
            time.sleep(0.5)
        raise StepErrored(f"flow run {run}: has not ended after {LONGEST:.0f} s; see the logs of the worker")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Ask the server; one that is too busy is asked again, as Prefect's own client does."""
        end = time.monotonic() + DEADLINE
        while True:
            answer = httpx.request(method, f"{self.api}{path}", json=body, timeout=60)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > end:
                answer.raise_for_status()
                return answer.json()
            time.sleep(0.5)

    def _start(self, name: str, argv: Sequence[str]) -> None:
        self.processes.environ = self.environ
        self.processes.start(name, argv)

    def _wait_for_server(self) -> None:
        end = time.monotonic() + DEADLINE
        while True:
            try:
                if httpx.get(f"{self.api}/health", timeout=2).is_success:
                    return
            except httpx.TransportError:
                pass
            if dead := self.processes.dead():
                raise StepErrored(f"the Prefect server did not start: {dead}")
            if time.monotonic() > end:
                raise StepErrored(f"the Prefect server did not answer in {DEADLINE:.0f} s")
            time.sleep(0.2)


def times(run: Mapping[str, Any], cpu: float) -> Measured:
    """Read from what the API tells of a run how long it took, by the server's own clock, and how it ended."""
    state = run["state"]
    wrong = None if state["name"] == "Live" else f"{state['name']}: {state['message']}"
    created, start, end = (_moment(run.get(key)) for key in ("created", "start_time", "end_time"))
    if created is None or start is None or end is None:
        return Measured(0.0, cpu, wrong or "it never started")
    return Measured((end - start).total_seconds(), cpu, wrong, whole=(end - created).total_seconds())


def describe(farm: Farm, sizes: Sequence[int], folder: Path) -> None:
    """Write the release file for the farm."""
    shutil.copy(farm.known_hosts, folder / "known_hosts")
    shutil.copy(farm.client_key, folder / "id_ed25519")
    names = [host.name for host in farm.hosts]
    hosts = {
        host.name: {"address": ADDRESS, "port": host.port, "variables": {"base": host.base}}
        for host in farm.hosts
    }
    file = {
        "application": APPLICATION,
        "owner": "Benchmark",
        "hosts": hosts,
        "build": {
            "source": {"git": "repository", "ref": "v{version}"},
            "command": ["true"],
            "output": BUILD.output,
        },
        "environments": [
            {"name": f"hosts-{size}", "targets": [_fleet(names[:size], farm.user)]} for size in sizes
        ],
    }
    (folder / "release.yaml").write_text(yaml.safe_dump(file, sort_keys=False))


def _fleet(hosts: list[str], user: str) -> dict[str, Any]:
    return {
        "name": "farm",
        "kind": "ssh",
        "hosts": hosts,
        "user": user,
        "private_key": "id_ed25519",
        "known_hosts": "known_hosts",
        "root": "{base}/app",
        "batch": "100%",
    }


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
