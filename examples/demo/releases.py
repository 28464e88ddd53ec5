"""What the demo does on its Prefect server: register, release, approve when asked to, look at the result."""

from __future__ import annotations

import os
import sys
import time

import httpx
from prefect.client.orchestration import get_client

from deployments.answer import answer, asks, find
from deployments.register import register
from deployments.start import start
from deployments.stories import POOL
from examples.demo.workspace import Workspace
from examples.processes import Processes
from sendoff import catalog
from sendoff.cli.terminal import plain_console
from sendoff.cli.watch import watch_release
from sendoff.errors import SendoffError
from sendoff.ledger import Ledger
from sendoff.settings import Settings

APPLICATION, ENVIRONMENT = "storefront", "production"
WHY = {
    "2.3.0": "The shop opens",
    "2.4.0": "Customers can buy gift cards",
    "2.4.1": "Customers see that they may return what they bought, for free",
    "broken": "Prices come from the new price list",
}


ANSWERS = {
    "approval": {"decision": "approve", "approver": "sam", "comment": "APPROVE=yes"},
    "trouble": {"decision": "stop here", "who": "sam", "comment": "APPROVE=yes"},
}


class Releases:
    """Releases of the storefront, started as a release manager would."""

    def __init__(self, workspace: Workspace, processes: Processes) -> None:
        self.workspace, self.processes = workspace, processes
        self.settings = Settings.read(os.environ)

    def register(self) -> None:
        """Make everything known to the server, and start the worker."""
        register(self.settings)
        self.processes.start(
            "worker",
            (sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"),
        )

    def run(self, version: str, approve: bool) -> int:
        """Release a version and wait for its end; 0 when it is live and every host says so."""
        run, address = start("release", self._asked(version))
        print(f"\nThe release of {APPLICATION} {version} to {ENVIRONMENT}: {address}\n")
        if not approve:
            print("It waits for your approval there: open the page, choose Resume, decide.\n")
        ledger = Ledger.open(self.settings.ledger_url)
        watcher = _Watcher(self.processes, run, approve)
        ended = watch_release(ledger, run, plain_console(), watcher.pause)
        ledger.close()
        if ended.body["end"] != "live":
            return 1
        return 0 if self._is_served(version) else 1

    def _asked(self, version: str) -> dict[str, object]:
        why = {
            "summary": WHY[version],
            "reason": "The demo",
            "risk": "low",
            "risk_note": "None: the shop is not real.",
            "tickets": ["SHOP-241"],
            "requested_by": "robin",
        }
        what = {"application": APPLICATION, "environment": ENVIRONMENT, "version": version}
        return {"what": what, "why": why}

    def _is_served(self, version: str) -> bool:
        """Ask every host itself."""
        file = catalog.load(self.workspace.catalog / "release.yaml").file
        said = {}
        for name, host in file.hosts.items():
            response = httpx.get(f"http://{host.address}:{host.variables['port']}/version", timeout=5)
            said[name] = response.json()["version"]
        print(f"Served by the hosts now: {', '.join(f'{name} {each}' for name, each in said.items())}")
        return set(said.values()) == {version}


class _Watcher:
    """Looks, between two looks at the ledger, whether all is alive and something is to be approved."""

    def __init__(self, processes: Processes, run: str, approve: bool) -> None:
        self.processes, self.run, self.approve = processes, run, approve

    def pause(self) -> None:
        """Wait a moment; raises when a process of the demo has died."""
        if dead := self.processes.dead():
            raise SendoffError(f"the demo stopped: {dead}")
        if self.approve:
            self._approve()
        time.sleep(0.3)

    def _approve(self) -> None:
        with get_client(sync_client=True) as client:
            run = find(client, self.run)
            if run.state is not None and run.state.is_paused():
                answer(client, run, ANSWERS[asks(run)])
