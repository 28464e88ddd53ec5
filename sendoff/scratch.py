"""Folders to work in for a while; what a killed process has left of them is removed by the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


class Scratch:
    """A folder of this process alone, locked for as long as it lives: the kernel gives the lock back."""

    def __init__(self, parent: Path, prefix: str) -> None:
        sweep(parent, prefix)
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            self.path = Path(tempfile.mkdtemp(dir=parent.absolute(), prefix=prefix))
            lock = _locked(self.path)
            if lock is not None:  # else somebody who sweeps was faster, and removes it
                self._lock: int | None = lock
                return

    def remove(self) -> None:
        """Remove it, however what is in it has been locked up."""
        if self._lock is not None:
            _remove(self.path)
            os.close(self._lock)
            self._lock = None


def sweep(parent: Path, prefix: str) -> None:
    """Remove the folders whose process has died, and end what it had started to work in them."""
    for path in parent.glob(f"{prefix}*"):
        lock = _locked(path)
        if lock is None:
            continue
        try:
            _end_those_in(path)
            _remove(path)
        finally:
            os.close(lock)


def _locked(path: Path) -> int | None:
    """Lock a folder; None when another process has it, when it is gone, or is not ours."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(number).st_uid == os.getuid() and os.path.samestat(os.fstat(number), path.stat()):
            return number
    except OSError:
        pass
    os.close(number)
    return None


def _remove(folder: Path) -> None:
    for root, folders, _ in os.walk(folder):
        for each in (Path(root, name) for name in folders):
            if not each.is_symlink():
                with suppress(OSError):
                    each.chmod(stat.S_IRWXU)
    shutil.rmtree(folder, ignore_errors=True)


def _end_those_in(folder: Path) -> None:
    """Kill the groups of the processes that work in a folder, where the kernel shows which (Linux)."""
    for cwd in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if cwd.readlink().is_relative_to(folder.resolve()):
                os.killpg(os.getpgid(int(cwd.parent.name)), signal.SIGKILL)
