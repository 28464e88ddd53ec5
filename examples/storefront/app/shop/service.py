"""The server as a service: one a state folder, known by a lock that the kernel drops when it dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

START_SECONDS = 10.0
STOP_SECONDS = ((signal.SIGTERM, 6.0), (signal.SIGKILL, 3.0))


class ServiceError(Exception):
    """The service is not as it was asked to be; the text says how it is."""


@dataclass(frozen=True)
class Running:
    """What runs, as the pid file has it."""

    pid: int
    port: int
    version: str

    def __str__(self) -> str:
        return f"version {self.version} on port {self.port}, pid {self.pid}"


class Service:
    """The one server of a state folder. The server inherits the lock, so a pid under it is no stranger's."""

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.state = state
        self._file = (state / "pid").open("a+")

    def running(self) -> Running | None:
        """Tell what runs; None when nothing does."""
        if self._lock(0.0):
            fcntl.flock(self._file, fcntl.LOCK_UN)
            return None
        return self._recorded()

    def start(self, command: list[str], port: int, version: str) -> Running:
        """Start it in a session of its own and wait until it listens; what runs as asked is left alone."""
        if not self._lock(0.3):
            running = self._recorded()
            if (running.port, running.version) != (port, version):
                raise ServiceError(f"{running} runs already, so {version} was not started; use restart")
            return running
        self._file.truncate(0)
        child, listening = self._spawn(command)
        self._file.write(json.dumps(asdict(Running(child.pid, port, version))))
        self._file.flush()
        if not listening():
            child.kill()
            code = child.wait()
            said = (self.state / "stderr").read_text("utf-8", "replace").splitlines()[-10:]
            raise ServiceError(
                "\n".join((f"{version} did not start on port {port}, exit code {code}", *said))
            )
        return self._recorded()

    def stop(self) -> Running | None:
        """Stop it and wait until it is gone; None when nothing ran."""
        if self._lock(0.0):
            return None
        running = self._recorded()
        for number, patience in STOP_SECONDS:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, number)
            if self._lock(patience):
                self._file.truncate(0)
                return running
        raise ServiceError(f"{running} does not stop, not even by SIGKILL")

    def _spawn(self, command: list[str]) -> tuple[subprocess.Popen[bytes], Callable[[], bool]]:
        ready, tell = os.pipe()
        with (self.state / "stderr").open("wb") as errors:
            child = subprocess.Popen(
                [sys.executable, "-B", *command, "--ready-fd", str(tell)],
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(tell, self._file.fileno()),
                start_new_session=True,
                cwd=self.state,
            )
        os.close(tell)

        def listening() -> bool:
            """Wait for its word; the end of the pipe means that it died."""
            with os.fdopen(ready, "rb", buffering=0) as pipe:
                return bool(select.select([pipe], [], [], START_SECONDS)[0] and pipe.read(1))

        return child, listening

    def _lock(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.01)
            else:
                return True

    def _recorded(self) -> Running:
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            self._file.seek(0)
            with contextlib.suppress(ValueError, TypeError):
                return Running(**json.loads(self._file.read()))
            time.sleep(0.01)
        raise ServiceError(f"{self.state}: something is just starting there; try again")
