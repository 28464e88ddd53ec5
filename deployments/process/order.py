"""What a run's process and the process that makes copies say to each other."""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import asdict, dataclass

STARTED = b"+"  # a copy is there; then one byte for each signal to pass on, and at the end how it ended
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
        socket.send_fds(copies, [STARTED], OUTPUTS)
        copies.sendall(json.dumps(asdict(self)).encode() + b"\n")


def receive(stand_in: socket.socket) -> tuple[Order, list[int]]:
    """Read an order, and the descriptors that came with it; ConnectionError: there is none."""
    _, outputs, _, _ = socket.recv_fds(stand_in, 1, len(OUTPUTS))
    with stand_in.makefile("rb") as told:
        line = told.readline()
    if not line.endswith(b"\n"):
        for each in outputs:
            socket.close(each)
        raise ConnectionError("who wanted a copy has hung up")
    return Order(**json.loads(line)), outputs
