"""What the documentation's commands are run against, until standard input is closed.

`python tests/docs/stack.py FOLDER PORT COMMAND…` starts the hosts of the demo and the commands, which are
those of the documentation. It is a process of its own, as it ends all that descends from it.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import httpx

from examples.demo.workspace import HOSTS, Workspace
from examples.processes import Processes


def main(folder: str, port: str, *commands: str) -> None:
    """Start it, say `ready`, and stop it when nobody writes to us any more."""
    with Workspace(Path(folder), port) as workspace:
        workspace.prepare()
        processes = Processes(workspace.logs, workspace.environ(os.environ))
        try:
            start(workspace, processes, commands)
            print("ready", flush=True)
            sys.stdin.read()
        finally:
            processes.stop()


def start(workspace: Workspace, processes: Processes, commands: tuple[str, ...]) -> None:
    """Start the hosts, and what the documentation says how to start: the server comes first."""
    hosts = ("--folder", str(workspace.ssh), "--names", ",".join(HOSTS))
    processes.start("hosts", (sys.executable, "-m", "examples.demo.hosts", *hosts))
    for command in commands:
        program, *words = shlex.split(command)
        processes.start(words[0], (str(Path(sys.prefix) / "bin" / program), *words))
        processes.wait_for("the Prefect server", lambda: answers(f"{workspace.api}/health"))
    processes.wait_for("the hosts", (workspace.ssh / "hosts.json").exists)
    workspace.describe_hosts()


def answers(address: str) -> bool:
    """Tell whether the server is healthy."""
    try:
        return httpx.get(address, timeout=2).is_success
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
