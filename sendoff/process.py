"""Running a command here: its output line by line as it comes, and an end to all that it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LONGEST_LINE = 1 << 20
GLANCE = 0.1
GRACE = 3.0


class Lines:
    """Cuts bytes that come in pieces into lines of text; undecodable bytes show as `\\xNN`.

    A line is handed on only when it is whole, so that what masks lines sees secrets whole. One longer than
    `longest` bytes is replaced by a remark: half of it might hold half of a secret.
    """

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest, self._pieces, self._length = longest, list[bytes](), 0

    def feed(self, data: bytes) -> Iterator[str]:
        """Take the next piece and give the lines that it completes."""
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._keep(end)
            yield self._line()
        self._keep(rest)

    def end(self) -> Iterator[str]:
        """Give what is left when there is no last line end."""
        if self._length:
            yield self._line()

    def _keep(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length <= self._longest:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def _line(self) -> str:
        text, length = b"".join(self._pieces), self._length
        self._pieces, self._length = [], 0
        if length > self._longest:
            return f"(a line of {length} bytes is left out)"
        return text.decode("utf-8", "backslashreplace").rstrip("\r")


def stream(
    command: Sequence[str],
    folder: Path,
    environ: Mapping[str, str],
    timeout: float,
    hear: Callable[[str], None],
) -> int | None:
    """Run a command and hear each line of its output; its exit code, or None when it took `timeout` seconds.

    In the end nothing of the command's process group is left. OSError when it cannot be started.
    """
    with started(command, folder, environ, subprocess.STDOUT) as process:
        deadline, lines = time.monotonic() + timeout, Lines()
        for data in _output(process, deadline):
            for line in lines.feed(data):
                hear(line)
        for line in lines.end():
            hear(line)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(max(0.0, deadline - time.monotonic()))
    return None


@contextmanager
def started(
    command: Sequence[str], folder: Path | None, environ: Mapping[str, str], stderr: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a session of its own, without a terminal to ask on; its group ends too."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _output(process: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """Give the output to its end or the deadline; waits for no child left behind."""
    pipe = _pipe(process.stdout)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            has_ended = process.poll() is not None
            if selector.select(min(left, GLANCE)):
                if not (data := os.read(pipe, 1 << 16)):
                    return
                yield data
            elif has_ended:
                return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal(process, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _pipe(stream: IO[bytes] | None) -> int:
    assert stream is not None  # noqa: S101 - it was asked for
    return stream.fileno()
