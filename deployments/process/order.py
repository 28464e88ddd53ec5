"""What a run's process and the process that makes copies say to each other."""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import asdict, dataclass

STARTED = b"+"  # a copy is there; then one byte for each signal to pass on, and at the end how it ended
LENGTH = struct.Struct("!I")
ENDS = struct.Struct("!i")  # its exit code, or the signal that ended it, negated
OUTPUTS = (0, 1, 2)
OF_ONE_RUN = "PREFECT__"  # so begin the variables that are of one run; nothing heeds them as it is imported
RUN = "PREFECT__FLOW_RUN_ID"
UNKNOWN = "0" * 36  # stands for the id of a run, before there is one


@dataclass(frozen=True)
class Order:
    """What a copy needs to be the process that stands in for it."""

    environ: dict[str, str]
    cwd: str

    def send(self, copies: socket.socket) -> None:
        """Send it, with this process's input and outputs."""
        told = json.dumps(asdict(self)).encode()
        socket.send_fds(copies, [LENGTH.pack(len(told))], OUTPUTS)
        copies.sendall(told)


def receive(stand_in: socket.socket) -> tuple[Order, list[int]]:
    """Read an order, and the descriptors that came with it; ConnectionError: there is none."""
    header, outputs, _, _ = socket.recv_fds(stand_in, LENGTH.size, len(OUTPUTS))
    try:
        (left,) = LENGTH.unpack(header) if len(header) == LENGTH.size else (0,)
        told = b""
        while left > len(told) and (more := stand_in.recv(left - len(told))):
            told += more
        if not told or len(told) < left:
            raise ConnectionError("who wanted a copy has hung up")
    except OSError:
        for each in outputs:
            socket.close(each)
        raise
    return Order(**json.loads(told)), outputs
