"""The parts of the wiring: how each is started, and when it is there."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from redis import Redis, RedisError

from examples.demo.workspace import HOSTS
from examples.production import haproxy, settings
from examples.production.place import APIS, WORKERS, Place, keep
from examples.production.programs import find

POOL = "sendoff"
PREFECT = (sys.executable, "-m", "prefect")
SENDOFF = str(Path(sys.executable).with_name("sendoff"))
REDIS = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
# Events wait in Redis for the services: those that came last must survive a restart.
appendonly yes
appendfsync everysec
"""


def _at_once() -> bool:
    return True


@dataclass(frozen=True)
class Part:
    """One process. `told_by` is the signal that ends it; `options` are those of `subprocess`."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    is_there: Callable[[], bool] = _at_once
    told_by: signal.Signals = signal.SIGTERM
    options: Mapping[str, Any] = field(default_factory=dict)


def stores(place: Place) -> list[Part]:
    """Give what keeps everything, and the hosts that are released to."""
    postgresql, s3 = place.postgresql, place.s3
    return [
        Part(
            "postgresql",
            postgresql.command(),
            is_there=postgresql.answers,
            told_by=signal.SIGINT,  # SIGTERM would wait until the last client has gone
            options=postgresql.options,
        ),
        _redis(place),
        Part(
            "seaweedfs",
            s3.command,
            is_there=s3.takes_a_write,
            told_by=signal.SIGKILL,  # it takes its time to end by itself, and nothing in it is kept
            options={"cwd": s3.folder},
        ),
        _hosts(place),
    ]


def servers(place: Place) -> list[Part]:
    """Give the API servers, which ask who comes, Prefect's services, and what stands before them."""
    config = haproxy.configure(place.folder, place.ui_port, {name: place.ports[name] for name in APIS})
    balancer = (str(find("haproxy", "haproxy")), "-db", "-f", str(config))
    return [
        *(_api(place, name) for name in APIS),
        Part(
            "services",
            (*PREFECT, "server", "services", "start"),
            settings.of_servers(place, "services"),
        ),
        Part(
            "haproxy",
            balancer,
            is_there=lambda: answers(place.api),
            options={"cwd": place.folder},
        ),
    ]


def workers(place: Place) -> list[Part]:
    """Give the workers, each with homes of its own, as if they were on two machines."""
    start = (*PREFECT, "worker", "start", "--pool", POOL, "--type", "process", "--name")
    return [Part(name, (*start, name), settings.of_clients(place, name)) for name in WORKERS]


def _api(place: Place, name: str) -> Part:
    port = place.ports[name]
    listen = ("--host", "127.0.0.1", "--port", str(port))
    return Part(
        name,
        (SENDOFF, "server", "--no-services", *listen),
        settings.of_api(place, name),
        lambda: answers(f"http://127.0.0.1:{port}/api"),
    )


def _redis(place: Place) -> Part:
    port, password = place.ports["redis"], place.passwords["redis"]
    config = place.folder / "redis.conf"
    keep(config, REDIS.format(port=port, password=password, folder=place.folder / "redis"))
    client = Redis(host="127.0.0.1", port=port, password=password)

    def is_there() -> bool:
        try:
            return bool(client.ping())
        except RedisError:
            return False

    return Part("redis", (str(find("redis-server", "redis-server")), str(config)), is_there=is_there)


def _hosts(place: Place) -> Part:
    ports = ",".join(str(place.ports[name]) for name in HOSTS)
    words = ("--folder", str(place.ssh), "--names", ",".join(HOSTS), "--ports", ports)
    command = (sys.executable, "-m", "examples.demo.hosts", *words)
    return Part("hosts", command, is_there=(place.ssh / "hosts.json").exists)


def answers(api: str) -> bool:
    """Tell whether an API is healthy."""
    try:
        return httpx.get(f"{api}/health", timeout=2).is_success
    except httpx.TransportError:
        return False
