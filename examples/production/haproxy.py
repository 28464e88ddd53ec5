"""HAProxy: its configuration, and what it knows of the API servers."""

from __future__ import annotations

import csv
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from string import Template

TEMPLATE = Path(__file__).with_name("haproxy.cfg")
SOCKET = "haproxy.sock"


def configure(folder: Path, port: int, servers: Mapping[str, int]) -> Path:
    """Write its configuration; it is started in that folder, as the path of a socket may not be long."""
    lines = "\n".join(f"    server {name} 127.0.0.1:{where}" for name, where in servers.items())
    config = folder / "haproxy.cfg"
    template = Template(TEMPLATE.read_text("utf-8").partition("\n")[2])
    config.write_text(template.substitute(socket=SOCKET, port=port, servers=lines), "utf-8")
    return config


def servers(folder: Path) -> dict[str, str]:
    """Ask it for the API servers: each is UP or DOWN, or on its way to be the other."""
    here = os.open(folder, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(f"/proc/self/fd/{here}/{SOCKET}")
            asked.sendall(b"show stat api 4 -1\n")
            said = b"".join(iter(lambda: asked.recv(1 << 16), b"")).decode()
    finally:
        os.close(here)
    return {row["svname"]: row["status"] for row in csv.DictReader(said.removeprefix("# ").splitlines())}
