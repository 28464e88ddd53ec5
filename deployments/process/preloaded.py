"""A process that has imported everything, and makes a copy of itself for each run.

`python -m deployments.process.preloaded SOCKET WORKER` listens at a socket that it was given, as long as
there is a copy, or there is the worker and it has a run from time to time.
"""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deployments.process import engine
from deployments.process.order import ENDS, OUTPUTS, RUN, STARTED, UNKNOWN, Order, receive

IDLE = 12 * 3600.0  # seconds that it waits for another run: longer than a night, when people approve
PATIENCE = 10.0  # seconds for an order to arrive, which takes none
FOR_COPIES = (signal.SIGTERM, signal.SIGINT)  # they end copies; this process ends after its worker
PDEATHSIG = 1  # prctl(2): the signal that a process gets when its parent dies


@dataclass(frozen=True)
class Copy:
    """A run's process: its id, what tells that it has ended, and the way to what stands in for it."""

    pid: int
    end: int
    stand_in: socket.socket


class Copies:
    """Those that live; and what is waited for: orders, signals to pass on, their ends, and the worker's."""

    def __init__(self, listener: socket.socket, worker: int) -> None:
        self.listener, self.worker = listener, os.pidfd_open(worker)
        self.copies: list[Copy] = []
        self.is_needed = True
        self.waiting = selectors.DefaultSelector()
        self.waiting.register(self.listener, selectors.EVENT_READ, self._make)
        self.waiting.register(self.worker, selectors.EVENT_READ, self._worker_ended)

    def serve(self, idle: float) -> Order | None:
        """Make copies; gives each copy its order, and this process None when it is needed no more."""
        while self.is_needed or self.copies:
            events = self.waiting.select(None if self.copies else idle)
            if not events:
                break
            for key, _ in events:
                if order := key.data():
                    return order  # type: ignore[no-any-return]
        return None

    def _make(self) -> Order | None:
        stand_in, _ = self.listener.accept()
        stand_in.settimeout(PATIENCE)
        try:
            order, outputs = receive(stand_in)
        except OSError:  # whoever looked whether somebody listens here, or died
            stand_in.close()
            return None
        if has_hung_up(stand_in):
            for each in outputs:
                os.close(each)
            stand_in.close()
            return None
        signal.pthread_sigmask(signal.SIG_BLOCK, FOR_COPIES)
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            self._leave(stand_in)
            become(order, outputs, parent)
            return order
        signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_COPIES)
        for each in outputs:
            os.close(each)
        copy = Copy(pid, os.pidfd_open(pid), stand_in)
        self.copies.append(copy)
        self.waiting.register(copy.end, selectors.EVENT_READ, lambda: self._ended(copy))
        self.waiting.register(stand_in, selectors.EVENT_READ, lambda: self._heard(copy))
        with suppress(ConnectionError):  # it has died already, which is heard next
            stand_in.sendall(STARTED)
        return None

    def _leave(self, stand_in: socket.socket) -> None:
        """Keep nothing in a copy of what is waited for."""
        self.waiting.close()
        os.close(self.worker)
        self.listener.close()
        stand_in.close()
        for each in self.copies:
            each.stand_in.close()
            os.close(each.end)

    def _heard(self, copy: Copy) -> None:
        """Pass signals on; nobody outlives what stands in for it."""
        if copy not in self.copies:
            return
        try:
            told = copy.stand_in.recv(64)
        except ConnectionError:
            told = b""
        if not told:
            self.waiting.unregister(copy.stand_in)
        for number in told or (signal.SIGKILL,):
            os.kill(copy.pid, number)

    def _ended(self, copy: Copy) -> None:
        _, status = os.waitpid(copy.pid, 0)
        with suppress(ConnectionError):
            copy.stand_in.sendall(ENDS.pack(os.waitstatus_to_exitcode(status)))
        self.copies.remove(copy)
        self.waiting.unregister(copy.end)
        if copy.stand_in in self.waiting.get_map():
            self.waiting.unregister(copy.stand_in)
        os.close(copy.end)
        copy.stand_in.close()

    def _worker_ended(self) -> None:
        self.is_needed = False
        self.waiting.unregister(self.listener)
        self.waiting.unregister(self.worker)


def has_hung_up(stand_in: socket.socket) -> bool:
    """Tell whether it waits for a copy no longer; from now on nothing is waited for here."""
    stand_in.setblocking(False)
    try:
        return not stand_in.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False


def become(order: Order, outputs: list[int], parent: int) -> None:
    """Be the process that was ordered, as if it had been started like that; it dies with its parent."""
    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.setpgid(0, 0)
    for to, output in zip(OUTPUTS, outputs, strict=True):
        os.dup2(output, to)
        os.close(output)
    os.environ.clear()
    os.environ.update(order.environ)
    os.chdir(order.cwd)
    sys.path[0], sys.argv[1:] = order.cwd, []
    show(order.environ.get(RUN, ""))
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FOR_COPIES)


def show(run: str) -> None:
    """Have `ps` and others see whose process this is: the kernel shows what a process was started with."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # proc(5): env_start, env_end
    with suppress(OSError, ValueError), open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(start)
        at = memory.read(end - start).index(UNKNOWN.encode())
        memory.seek(start + at)
        memory.write(run.encode()[: len(UNKNOWN)])


def main() -> None:
    """Serve; in a copy, run what it was made for."""
    for number in FOR_COPIES:
        signal.signal(number, signal.SIG_IGN)
    listener = socket.socket(fileno=int(sys.argv[1]))
    copies = Copies(listener, int(sys.argv[2]))
    engine.load()
    engine.complete(os.environ.get("SENDOFF_LEDGER", ""))
    if copies.serve(IDLE):
        engine.run()
    else:
        place = Path(listener.getsockname())
        for each in (place, place.with_suffix(".log")):
            each.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
