"""One command under way on a host: lines are read from it, bytes sent to it, and its result is taken."""

from __future__ import annotations

import io
import threading
import time
from contextlib import suppress
from typing import BinaryIO

from paramiko import Channel, SSHException

from sendoff.errors import HostUnreachable, StepErrored
from sendoff.targets.protocol import CommandResult

PIECE = 1 << 20
KEPT = 64 * 1024
GRACE = 1.0  # seconds: a daemon may hold the output of a finished command for ever


class Overdue(StepErrored):
    """A command did not end in its time; it was killed, if the host could still be told to."""


class Tail:
    """The last of an output, however much there was; `total` counts all of it."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept, self._bytes, self.total = kept, bytearray(), 0

    def add(self, data: bytes) -> None:
        """Take more output in."""
        self.total += len(data)
        self._bytes += data
        if len(self._bytes) > 2 * self._kept:
            del self._bytes[: -self._kept]

    def text(self) -> str:
        """Give what is kept, headed by … if that is not all; bytes that are not UTF-8 are shown as such."""
        kept = bytes(self._bytes[-self._kept :])
        return ("…\n" if self.total > len(kept) else "") + kept.decode("utf-8", "backslashreplace")


class Talk:
    """A conversation with a command; all of it has to end by `timeout` seconds from now."""

    def __init__(self, channel: Channel, name: str, timeout: float) -> None:
        self._channel, self._name, self._timeout = channel, name, timeout
        self._started = time.monotonic()
        self._unread, self._tail = b"", Tail()
        self._reader: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def output(self) -> str:
        """Give the last of the output so far, without the lines that were read one by one."""
        return self._tail.text()

    def line(self) -> str | None:
        """Read one line of output; None when the output has ended."""
        while b"\n" not in self._unread:
            data = self._receive()
            if not data:
                return None
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("utf-8", "backslashreplace")

    def note(self, line: str) -> None:
        """Put a line that was read back to the output that the result shows."""
        self._tail.add(line.encode() + b"\n")

    def send(self, source: BinaryIO | bytes) -> None:
        """Send bytes or a file; that a command reads no more is no error, its result tells why."""
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        while (piece := file.read(PIECE)) and self._send_piece(piece):
            pass

    def read_on(self) -> None:
        """Read the rest of the output as it comes, so that a command that prints much is never stopped."""
        if self._reader is None:
            self._tail.add(self._unread)
            self._reader = threading.Thread(target=self._drain, name=f"output of {self._name}", daemon=True)
            self._reader.start()

    def result(self) -> CommandResult:
        """End the input and wait for the result; HostUnreachable when the connection broke first."""
        self.read_on()
        with suppress(SSHException, OSError, EOFError):  # a connection that broke is told below
            self._channel.shutdown_write()
        while not self._is_over():
            self._see_deadline()
        code = self._channel.exit_status
        if code < 0:
            self._see_connection()
        return CommandResult(code=code, output=self.output, seconds=time.monotonic() - self._started)

    def close(self) -> None:
        """Give the channel back."""
        with suppress(SSHException, OSError, EOFError):
            self._channel.close()

    def _is_over(self) -> bool:
        heard = self._tail.total
        if self._over.wait(0.2):
            return self._channel.status_event.wait(0.2)
        return self._channel.exit_status_ready() and not self._over.wait(GRACE) and heard == self._tail.total

    def _send_piece(self, piece: bytes) -> bool:
        rest, size = memoryview(piece), self._channel.out_max_packet_size - 64
        while rest:
            self._channel.settimeout(self._left())
            try:
                sent = self._channel.send(bytes(rest[:size]))
            except TimeoutError:
                self._see_deadline()
                continue
            except (OSError, EOFError):
                return False
            if not sent:
                return False
            rest = rest[sent:]
        return True

    def _receive(self) -> bytes:
        while True:
            self._channel.settimeout(self._left())
            try:
                return self._channel.recv(KEPT)
            except TimeoutError:
                self._see_deadline()

    def _drain(self) -> None:
        try:
            while data := self._receive():
                self._tail.add(data)
        except (Overdue, OSError):
            return
        finally:
            self._over.set()

    def _left(self) -> float:
        return max(self._started + self._timeout - time.monotonic(), 0.05)

    def _see_deadline(self) -> None:
        if time.monotonic() >= self._started + self._timeout:
            last = "".join(f"\n  | {line}" for line in self.output.splitlines()[-10:])
            raise Overdue(
                f"{self._name}: a command ran for more than {self._timeout:g} s, expected it to end by then; "
                f"it was killed: see what it waits for, or give it more time{last}"
            )

    def _see_connection(self) -> None:
        """Tell a command that was killed from a connection that broke: its transport ends a moment later."""
        transport = self._channel.get_transport()
        transport.join(GRACE)
        if not transport.is_active():
            raise HostUnreachable(
                f"{self._name}: the connection broke while a command ran, expected it to last; "
                "what the command did is found out when the host is asked again"
            )
