"""What stands in for a copy towards the worker, and has the process started that makes copies."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path
from types import FrameType

from deployments.process.order import ENDS, OF_ONE_RUN, RUN, STARTED, UNKNOWN, Order

PATIENCE = 60.0  # seconds for a copy to begin; a busy machine takes some to import everything, once
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
OF_A_SHELL = ("PWD", "OLDPWD", "SHLVL", "_")
CODE = ("blocks", "deployments", "flows", "sendoff", "tasks")
SETTINGS = (".env", "prefect.toml", "pyproject.toml")  # of a folder, which Prefect reads as it is imported


def hand_over() -> int | None:
    """Have a copy run what this process was started for; gives its exit code, None when there is no copy.

    Where a signal ended the copy, it ends this process as well.
    """
    copies = _reach()
    if copies is None:
        return None
    with copies:
        passed: list[int] = []

        def pass_on(number: int, frame: FrameType | None) -> None:
            passed.append(number)
            with suppress(OSError):  # where nobody hears it, the copy has died
                copies.sendall(bytes([number]))

        heeded = [number for number in PASSED_ON if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, pass_on) for number in heeded}
        try:
            copies.settimeout(PATIENCE)
            Order(dict(os.environ), os.getcwd()).send(copies)
            began = copies.recv(1) == STARTED
            copies.settimeout(None)
        except OSError:
            began = False  # nor does it later: a copy dies with what makes it, and when we hang up
        if not began:
            for number, handler in before.items():
                signal.signal(number, handler)
            for each in passed:
                os.kill(os.getpid(), each)
            return None
        return _end(copies)


def _end(copies: socket.socket) -> int:
    """Wait for the copy to end, and end as it does: killed, if it was or nobody can tell."""
    told = copies.recv(ENDS.size, socket.MSG_WAITALL)
    code: int = ENDS.unpack(told)[0] if len(told) == ENDS.size else -signal.SIGKILL
    if code < 0:
        number = signal.Signals(-code)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return code


def _reach() -> socket.socket | None:
    """Connect to the process that makes copies for this worker, of this code, with these settings.

    It is started if it is not there. None: it cannot be, or what Prefect reads differs from run to run.
    """
    if sys.platform != "linux" or any(Path(each).exists() for each in SETTINGS):
        return None
    folder = Path(tempfile.gettempdir()) / f"sendoff-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if found.st_uid != os.geteuid() or found.st_mode & 0o77077 != 0o40000:
            return None  # somebody else could listen there
        place = folder / f"{_name()}.sock"
        return _connect(place) or _start(place)
    except OSError:
        return None


def _connect(place: Path) -> socket.socket | None:
    made = socket.socket(socket.AF_UNIX)
    try:
        made.connect(str(place))
    except (FileNotFoundError, ConnectionRefusedError):
        made.close()
        return None
    except OSError:
        made.close()
        raise
    return made


def _start(place: Path) -> socket.socket | None:
    """Start it, unless another run just did; it takes orders when it has imported everything."""
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if made := _connect(place):
            return made
        for each in place.parent.glob("*.sock"):
            if (other := _connect(each)) is None:
                each.unlink(missing_ok=True)
                each.with_suffix(".log").unlink(missing_ok=True)
            else:
                other.close()
        with socket.socket(socket.AF_UNIX) as listener, place.with_suffix(".log").open("wb") as log:
            listener.bind(str(place))
            listener.listen(128)
            words = (str(listener.fileno()), str(os.getppid()))
            subprocess.Popen(
                [sys.executable, "-m", "deployments.process.preloaded", *words],
                env={name: value for name, value in os.environ.items() if not name.startswith(OF_ONE_RUN)}
                | {RUN: UNKNOWN},
                pass_fds=[listener.fileno()],
                cwd="/",  # the folder of a run is gone after it
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return _connect(place)


def _name() -> str:
    """Name it after all that what it imports depends on: the worker, the environment, and the code."""
    environ = sorted(
        (name, value)
        for name, value in os.environ.items()
        if not name.startswith(OF_ONE_RUN) and name not in OF_A_SHELL
    )
    worker = os.getppid()
    started = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[19]
    told = json.dumps([sys.executable, worker, started, environ, _code()])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _code() -> list[tuple[int, int]]:
    """Tell one state of the code and of Prefect's profiles from another, by times and sizes."""
    root = Path(__file__).parents[2]
    home = os.environ.get("PREFECT_HOME") or Path.home() / ".prefect"
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or Path(home) / "profiles.toml")
    files = sorted(file for package in CODE for file in (root / package).rglob("*.py"))
    places = (*files, Path(sysconfig.get_path("purelib")), *([profiles] if profiles.exists() else []))
    return [(found.st_mtime_ns, found.st_size) for found in map(os.stat, places)]
