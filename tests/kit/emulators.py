"""Emulators of AWS, each a process of its own on loopback: moto, and ministack, which runs Lambda code."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from examples.ports import free_port

DEADLINE = 120.0  # seconds until it answers; one or two when nothing else runs, 40 were seen
ATTEMPTS = 3  # others may take its port before it does
REGION = "eu-central-1"
ACCOUNT = {"moto": "123456789012", "ministack": "000000000000"}
ROOT = Path(__file__).resolve().parents[2]


def connect(service: str, endpoint: str, tries: int = 2) -> Any:
    """Make a client with keys that open nothing, which tries a request so many times."""
    session = boto3.session.Session("AKIDEMULATED", "secret", region_name=REGION)
    config = Config(
        connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": tries}
    )
    return session.client(service, endpoint_url=endpoint, config=config)


class Emulator:
    """A process in a folder, with all that it starts; it answers on `endpoint` until it is stopped."""

    name: str
    health: str
    forgets: str

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, Any] = {}

    @property
    def endpoint(self) -> str:
        """Give its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def account(self) -> str:
        """Give the account that all is in."""
        return ACCOUNT[self.name]

    @property
    def command(self) -> tuple[str, ...]:
        """Give the words that start it."""
        raise NotImplementedError

    @property
    def environ(self) -> dict[str, str]:
        """Give the variables that it needs, and none of the tests' own."""
        return {}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        for _ in range(ATTEMPTS):
            self.port = free_port()
            environ = {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder), "HOME": str(self.folder)}
            with (self.folder / "log").open("wb") as log:
                self.process = subprocess.Popen(
                    self.command,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    env={**environ, **self.environ},
                    start_new_session=True,
                )
            if self._is_ready(self.process):
                return
            self.stop()
        told = (self.folder / "log").read_text(errors="replace")[-2000:]
        raise RuntimeError(
            f"{self.name}: does not answer, expected it within {DEADLINE:g} s; it said:\n{told}"
        )

    def _is_ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + DEADLINE
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                if self._ask("GET", self.health) == 200:
                    return True
            time.sleep(0.05)
        return False

    def _ask(self, method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self) -> None:
        """Kill it and what it started; nothing in it is kept."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def reset(self) -> None:
        """Have it forget all."""
        status = self._ask("POST", self.forgets)
        if status != 200:
            raise RuntimeError(f"{self.name}: answered {status} when asked to forget all, expected 200")

    def client(self, service: str) -> Any:
        """Connect to one of its services; a client is made once."""
        if service not in self._clients:
            self._clients[service] = connect(service, self.endpoint)
        return self._clients[service]


class Moto(Emulator):
    """moto's server: knows most calls, refuses few wrong ones, and runs no code."""

    name = "moto"
    health = "/moto-api/"
    forgets = "/moto-api/reset"

    @property
    def command(self) -> tuple[str, ...]:
        """Give the words that start it."""
        return (sys.executable, "-m", "tests.kit.moto_server", "-H", "127.0.0.1", "-p", str(self.port))

    @property
    def environ(self) -> dict[str, str]:
        """Have it find this package."""
        return {"PYTHONPATH": str(ROOT)}


class Ministack(Emulator):
    """ministack: stricter, and runs the Lambda code of Python and Node runtimes in processes of its own.

    Whatever version of Python a function names, it is the one that ministack itself runs on.
    """

    name = "ministack"
    health = "/_ministack/health"
    forgets = "/_ministack/reset"

    @property
    def command(self) -> tuple[str, ...]:
        """Give the words that start it; it pins botocore, and so has an environment of its own."""
        program = ROOT / ".venv" / "ministack" / "bin" / "python"
        if not program.exists():
            raise FileNotFoundError(f"{program}: is not there, expected ministack; run make setup")
        return (str(program), "-m", "ministack")

    @property
    def environ(self) -> dict[str, str]:
        """Keep it to loopback, and what it writes to its folder."""
        return {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            "S3_DATA_DIR": str(self.folder / "s3"),
            "STATE_DIR": str(self.folder / "state"),
        }
