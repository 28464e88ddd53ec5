"""Processes of an example: started, watched, ended or killed by name; at the end all are gone."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sendoff.errors import StepErrored

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE = 8.0  # seconds that a process has to end by itself
DEADLINE = 300.0  # seconds for something to come up; a first start on a busy or slow machine takes some
LIBC = ctypes.CDLL(None, use_errno=True) if os.uname().sysname == "Linux" else None


class Processes:
    """Children, each in a session of its own so that Ctrl-C reaches only us, each with a log."""

    def __init__(self, logs: Path, environ: Mapping[str, str]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.logs, self.environ = logs, dict(environ)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._told_by: dict[str, signal.Signals] = {}
        _prctl(PR_SET_CHILD_SUBREAPER, 1)

    def start(
        self,
        name: str,
        command: Sequence[str],
        environ: Mapping[str, str] | None = None,
        told_by: signal.Signals = signal.SIGTERM,
        **options: Any,
    ) -> None:
        """Start one, with `environ` added to that of all; `told_by` ends it, also when we die somehow."""
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self.environ, **(environ or {})},
                start_new_session=True,
                preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, told_by),  # noqa: PLW1509 -- one call into libc
                **options,
            )
        self._told_by[name] = told_by

    def run(self, name: str, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start one and wait until it has done its work; raises when it has not."""
        self.start(name, command, environ)
        try:
            code = self.running[name].wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise StepErrored(
                f"{name}: not done after {DEADLINE:.0f} s, expected it; see {self.logs / name}.log"
            ) from None
        if code:
            raise StepErrored(f"{name}: exited with {code}, expected 0; its last lines:\n{self._last(name)}")
        del self.running[name]

    def wait_for(
        self,
        what: str,
        is_there: Callable[[], bool],
        deadline: float = DEADLINE,
        watched: Sequence[str] | None = None,
    ) -> None:
        """Wait until it is there; raises at the deadline, or when one of the `watched`, or any, has ended."""
        end = time.monotonic() + deadline
        while not is_there():
            if dead := self.dead(watched):
                raise StepErrored(dead)
            if time.monotonic() > end:
                raise StepErrored(
                    f"{what}: not there after {deadline:.0f} s, expected it; see the logs in {self.logs}"
                )
            time.sleep(0.1)

    def ended(self) -> list[str]:
        """Name those that have ended though they should not have."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def dead(self, watched: Sequence[str] | None = None) -> str | None:
        """Tell of one of them that has ended though it should not have, with the last lines of its log."""
        for name in self.ended():
            if watched is None or name in watched:
                code = self.running[name].returncode
                return f"{name}: ended with {code}, expected it to stay; its last lines:\n{self._last(name)}"
        return None

    def _last(self, name: str) -> str:
        return "\n".join((self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-10:])

    def kill(self, name: str) -> None:
        """Kill one at once, and then all that descends from it: as if its machine lost its power."""
        process = self.running.pop(name)
        left = _descendants(process.pid)
        process.kill()
        for pid in left:
            _kill(pid, signal.SIGKILL)
        process.wait()

    def end(self, *names: str) -> None:
        """End some of them, the last started first, and those that do not want to as well."""
        for name in reversed(names):
            if self.running[name].poll() is None:
                self.running[name].send_signal(self._told_by[name])
        deadline = time.monotonic() + GRACE
        for name in names:
            process = self.running.pop(name)
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def stop(self) -> None:
        """End all, the last started first; then whatever they left behind."""
        self.end(*self.running)
        _end_descendants()


def _end_descendants() -> None:
    """End what our children left: it became ours when they ended, as we are their subreaper."""
    deadline = time.monotonic() + GRACE
    while left := _descendants(os.getpid()):
        for pid in left:
            _kill(pid, signal.SIGKILL)
        _reap()
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {left}: could not be ended; end them by hand")


def _descendants(root: int) -> list[int]:
    """Read from /proc who descends from us; nobody where there is no /proc."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(fields[1])
    found = [root]
    for parent in found:
        found += [pid for pid, each in parents.items() if each == parent]
    return found[1:]


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _prctl(option: int, value: int) -> None:
    """Ask Linux for it; elsewhere the examples do without."""
    if LIBC:
        LIBC.prctl(option, value, 0, 0, 0)
