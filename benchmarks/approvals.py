"""From an approval to the next thing that is done on a host, timed again and again."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from benchmarks import cpu
from deployments.answer import answer
from examples.demo.hosts import EmbeddedHosts
from examples.ports import free_port
from examples.processes import Processes
from sendoff.errors import SendoffError, StepErrored

FOLDER = Path("build-output", "bench", "approvals")
AIM = 3.0  # seconds
EACH = 20  # approvals of one release, each by somebody else: no gate may ask for more
LONGEST = 120.0
WHY = {"summary": "A measured release", "reason": "The benchmark", "risk": "low", "requested_by": "bench"}


@dataclass(frozen=True)
class Approved:
    """Seconds from an approval until a worker took the run, its process ran, and a host heard of it."""

    asked: float
    started: float
    acted: float


@dataclass(frozen=True)
class Switched:
    """Seconds from the last approval on until the host serves the new release."""

    seconds: float


class Times:
    """When hosts were told something."""

    def __init__(self) -> None:
        self._at: list[float] = []

    def heard(self) -> None:
        """Note that a host is told something now."""
        self._at.append(time.time())

    def first_after(self, moment: float) -> float | None:
        """Tell when a host was told something for the first time since then."""
        return next((at for at in list(self._at) if at > moment), None)


class Clock:
    """A server, a worker and a host, and an application that many people have to agree to."""

    def __init__(self, folder: Path, poll: float, processes: Processes) -> None:
        self.folder, self.processes, self.times = folder, processes, Times()
        self.port = free_port()
        self.catalog = folder / "catalog"
        kept = {
            name: each for name, each in os.environ.items() if not name.startswith(("PREFECT_", "SENDOFF_"))
        }
        self.environ = kept | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": str(poll),
            "DO_NOT_TRACK": "1",
            "SENDOFF_HOME": str(folder / "sendoff"),
            "SENDOFF_CATALOG": str(self.catalog),
        }
        self.hosts = EmbeddedHosts(folder / "hosts", ("a",), heard=self.times.heard)
        self.client = SyncPrefectClient(self.environ["PREFECT_API_URL"])

    def start(self) -> None:
        """Start all, and register."""
        self.hosts.start()
        self._describe()
        self.processes.environ = self.environ
        prefect = (sys.executable, "-m", "prefect")
        self.processes.start(
            "server", (*prefect, "server", "start", "--host", "127.0.0.1", "--port", str(self.port))
        )
        self.processes.wait_for("the Prefect server", self._answers)
        register = (sys.executable, "-m", "deployments.register")
        subprocess.run(register, env=self.environ, check=True, stdout=subprocess.DEVNULL)
        self.processes.start(
            "worker", (*prefect, "worker", "start", "--pool", "sendoff", "--type", "process")
        )

    def release(self, version: str, approvals: int) -> tuple[list[Approved], Switched]:
        """Release a version, approved by so many people; times each."""
        deployment = self.client.read_deployment_by_name("release/release")
        what = {"application": "clock", "environment": f"by-{approvals}", "version": version}
        run = self.client.create_flow_run_from_deployment(
            deployment.id, parameters={"what": what, "why": WHY}
        ).id
        found = []
        for number in range(1, approvals + 1):
            waits = self._until("it waits for an approval", lambda: self._waiting(run))
            moment = time.time()
            if refused := answer(self.client, waits, _answer(number)):
                raise StepErrored(f"approval {number}: {refused}")
            acted = self._until("a host is told something", partial(self.times.first_after, moment))
            found.append(self._parts(run, moment, acted))
        self._until("it is over", lambda: self._is_over(run))
        return found, Switched(self._link(approvals).lstat().st_ctime - moment)

    def _parts(self, run: UUID, moment: float, acted: float) -> Approved:
        states = self.client.read_flow_run_states(run)
        since = {
            each.name: each.timestamp.timestamp() - moment
            for each in states
            if each.timestamp.timestamp() > moment
        }
        return Approved(since["Pending"], since["Running"], acted - moment)

    def _waiting(self, run: UUID) -> FlowRun | None:
        found = self.client.read_flow_run(run)
        if found.state is not None and found.state.is_final():
            raise StepErrored(f"the release ended as {found.state.name}: {found.state.message}")
        return found if found.state is not None and found.state.is_paused() else None

    def _is_over(self, run: UUID) -> bool:
        state = self.client.read_flow_run(run).state
        if state is not None and state.is_final() and state.name != "Live":
            raise StepErrored(f"the release ended as {state.name}: {state.message}")
        return state is not None and state.is_final()

    def _link(self, approvals: int) -> Path:
        return self.hosts.hosts["a"].folder / f"by-{approvals}" / "current"

    def _until(self, what: str, look: Callable[[], Any]) -> Any:
        end = time.monotonic() + LONGEST
        while not (found := look()):
            if dead := self.processes.dead():
                raise StepErrored(dead)
            if time.monotonic() > end:
                raise StepErrored(
                    f"{what}: not after {LONGEST:.0f} s, expected it; see the logs in {self.processes.logs}"
                )
            time.sleep(0.02)
        return found

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.environ['PREFECT_API_URL']}/health", timeout=2).is_success
        except httpx.TransportError:
            return False

    def _describe(self) -> None:
        """Write a release file with an environment for each number of people."""
        (self.catalog / "source").mkdir(parents=True)
        host = self.hosts.hosts["a"]
        file = {
            "application": "clock",
            "owner": "Benchmark",
            "hosts": {
                "a": {"address": host.address, "port": host.port, "variables": {"base": str(host.folder)}}
            },
            "build": {
                "source": {"folder": "source"},
                "command": ["sh", "-c", 'mkdir out; echo "$SENDOFF_VERSION" >out/version'],
                "output": "out",
            },
            "environments": [self._environment(number) for number in range(1, EACH + 1)],
        }
        (self.catalog / "release.yaml").write_text(yaml.safe_dump(file, sort_keys=False))

    def _environment(self, people: int) -> dict[str, Any]:
        target = {
            "name": "web",
            "hosts": ["a"],
            "user": "deploy",
            "root": f"{{base}}/by-{people}",
            "private_key": str(self.hosts.client_key),
            "known_hosts": str(self.hosts.known_hosts),
        }
        gate = {"kind": "approval", "name": "people", "count": people}
        return {"name": f"by-{people}", "targets": [target], "gates": [gate]}


def _answer(number: int) -> dict[str, str]:
    return {"decision": "approve", "approver": f"person {number}", "comment": ""}


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that at least this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def summary(found: Sequence[Approved], switched: Sequence[Switched]) -> str:
    """Say it as a table, and whether the aim is met."""
    told = {
        "a worker takes the run": [each.asked for each in found],
        "its process runs": [each.started for each in found],
        "a host is told something": [each.acted for each in found],
        "a host serves the new release": [each.seconds for each in switched],
    }
    lines = [f"{'from an approval until':32} {'p50':>6} {'p95':>6}  times"]
    for name, values in told.items():
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        lines.append(f"{name:32} {p50:5.2f}s {p95:5.2f}s  {len(values)}")
    p50, p95 = (percentile([each.acted for each in found], share) for share in (0.5, 0.95))
    verdicts = (
        f"{name} {value:.1f} s {'met' if value <= AIM else 'missed'}"
        for name, value in (("p50", p50), ("p95", p95))
    )
    return "\n".join([*lines, f"aim: the next remote action after {AIM:.0f} s: {', '.join(verdicts)}"])


def main(words: list[str]) -> int:
    """Measure, print, and write it down."""
    parser = argparse.ArgumentParser(prog="make bench", description="Time what an approval sets off.")
    parser.add_argument("--samples", type=int, default=40, help="approvals that are timed")
    parser.add_argument(
        "--poll", type=float, default=1.0, help="seconds between two questions of the worker for work"
    )
    asked = parser.parse_args(words)
    folder = FOLDER.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    processes = Processes(folder / "logs", os.environ)
    clock = Clock(folder, asked.poll, processes)
    try:
        clock.start()
        found, switched, busy = _measure(clock, asked.samples)
    except SendoffError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        processes.stop()
        clock.hosts.stop()
    text = summary(found, switched)
    load = f"The worker asked every {asked.poll:g} s; {busy:.1f} cores were busy, with this and all else."
    written = {
        "poll": asked.poll,
        "approved": [asdict(each) for each in found],
        "switched": [asdict(e) for e in switched],
    }
    (folder.parent / "approvals.json").write_text(json.dumps(written, indent=1) + "\n")
    (folder.parent / "approvals.txt").write_text(f"{text}\n{load}\n")
    print(f"\n{text}\n{load}")
    return 0


def _measure(clock: Clock, samples: int) -> tuple[list[Approved], list[Switched], float]:
    found, switched = list[Approved](), list[Switched]()
    began, worked = time.monotonic(), cpu.busy()
    while len(found) < samples:
        approvals = min(EACH, samples - len(found))
        more, switch = clock.release(f"1.{len(switched)}", approvals)
        found += more
        switched.append(switch)
        print(f"  {len(found):3} approvals, the last one acted on after {more[-1].acted:.2f} s", flush=True)
    return found, switched, (cpu.busy() - worked) / (time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
