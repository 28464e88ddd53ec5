"""The processes of the demo: started, watched, and all gone at the end, with what they started."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE = 8.0  # seconds that a process has to end by itself


class Processes:
    """Children, each in a session of its own so that Ctrl-C reaches only us, each with a log."""

    def __init__(self, logs: Path, environ: Mapping[str, str]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.logs, self.environ = logs, dict(environ)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        _prctl(PR_SET_CHILD_SUBREAPER, 1)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start one; it is told to end when we die, however we die."""
        with (self.logs / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environ,
                start_new_session=True,
                preexec_fn=lambda: _prctl(PR_SET_PDEATHSIG, signal.SIGTERM),  # noqa: PLW1509 -- no threads yet
            )

    def dead(self) -> str | None:
        """Tell of one that has ended though it should not have, with the last lines of its log."""
        for name, process in self.running.items():
            if process.poll() is not None:
                lines = (self.logs / f"{name}.log").read_text(errors="replace").splitlines()[-10:]
                return f"{name} ended with {process.returncode}; its last lines:\n" + "\n".join(lines)
        return None

    def stop(self) -> None:
        """End all, the last started first; then whatever they left behind."""
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for process in self.running.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
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
    """Ask Linux for it; elsewhere the demo does without."""
    if os.uname().sysname == "Linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
