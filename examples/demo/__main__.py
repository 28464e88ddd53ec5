"""`make demo`: a Prefect server, a worker, three hosts, and a first release of the storefront."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import httpx

from examples.demo.history import LATEST, VERSIONS
from examples.demo.workspace import HOSTS, UI_PORT, Workspace
from examples.processes import Processes
from sendoff.errors import SendoffError

INTERRUPTED = 130
FOLDER = Path(".demo")


def main() -> int:
    """Run the demo until it is interrupted; with APPROVE=yes, until its release has ended."""
    version = os.environ.get("VERSION") or LATEST
    if version not in VERSIONS:
        print(f"VERSION={version}: the storefront has no such version, expected one of {', '.join(VERSIONS)}")
        return 2
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    approve = os.environ.get("APPROVE") == "yes"
    try:
        with Workspace(FOLDER, os.environ.get("PORT")) as workspace:
            return _demo(workspace, version, approve)
    except KeyboardInterrupt:
        return INTERRUPTED if approve else 0  # without APPROVE it is the way to end the demo
    except SendoffError as error:
        print(error, file=sys.stderr)
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _demo(workspace: Workspace, version: str, approve: bool) -> int:
    began = time.monotonic()
    workspace.prepare()
    environ = workspace.environ(os.environ)
    processes = Processes(workspace.logs, environ)
    try:
        _start(workspace, processes)
        os.environ.clear()
        os.environ.update(environ)
        # Prefect reads its settings when it is imported.
        from examples.demo.releases import Releases  # noqa: PLC0415

        releases = Releases(workspace, processes)
        processes.wait_for("the Prefect server", lambda: _answers(f"{workspace.api}/health"))
        releases.register()
        if version == "broken":
            print("First a good version goes live, so that there is something to go back to.")
            releases.run("2.4.0", approve=True)
        code = releases.run(version, approve)
        if approve:
            print(f"After {time.monotonic() - began:.0f} s.")
        else:
            print(f"Start more releases at {workspace.ui}/deployments; Ctrl-C stops everything.")
            processes.wait_for("Ctrl-C", lambda: False, deadline=float("inf"))
        return code
    finally:
        print("Stopping everything that was started.")
        processes.stop()


def _start(workspace: Workspace, processes: Processes) -> None:
    print("Starting a Prefect server and three hosts; this takes half a minute.")
    if workspace.ui_port != UI_PORT:
        why = "as PORT= says" if os.environ.get("PORT") else f"as {UI_PORT} is taken; PORT= names another"
        print(f"The Prefect UI is at port {workspace.ui_port}, {why}.")
    server = ("server", "start", "--host", "127.0.0.1", "--port", str(workspace.ui_port))
    processes.start("server", (sys.executable, "-m", "prefect", *server))
    hosts = ("--folder", str(workspace.ssh), "--names", ",".join(HOSTS))
    processes.start("hosts", (sys.executable, "-m", "examples.demo.hosts", *hosts))
    processes.wait_for("the hosts", (workspace.ssh / "hosts.json").exists)
    workspace.describe_hosts()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(main())
