#!/opt/sendoff/bin/python -I
"""Ask whether the server, the services or the worker of this container do their work; exit 0 if so."""

import os
import socket
import sys
import time
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, build_opener

from redis import Redis, RedisError

PATIENCE = 60  # seconds; the heart beats every two, and an event is read at once
STREAMS = ("events", "actions")


def server() -> None:
    """Ask the API. It answers also while its database is away: starting it anew would not bring that back."""
    _ask("PREFECT_SERVER_API_", "4200", "/api/health")


def worker() -> None:
    """Ask the worker, which says no when it has not polled for long."""
    _ask("PREFECT_WORKER_WEBSERVER_", "8080", "/health")


def services() -> None:
    """Look in Redis for what the services do: the heart of those on this host beats, and no event waits."""
    with Redis.from_url(os.environ["PREFECT_SERVER_DOCKET_URL"], socket_timeout=3) as redis:
        host = socket.gethostname()
        beats = redis.zrangebyscore("prefect:workers", time.time() - PATIENCE, "+inf")
        if not any(name.startswith(f"{host}#".encode()) for name in beats):
            raise ValueError(f"no heartbeat of {host} in {PATIENCE} s")
        for stream in STREAMS:
            for group in redis.xinfo_groups(stream):
                if (waiting := _waiting(redis, stream, group["last-delivered-id"])) > PATIENCE:
                    name = group["name"].decode()
                    raise ValueError(f"{name} has left one of the {stream} lying for {waiting:.0f} s")


def _waiting(redis: Any, stream: str, delivered: bytes) -> float:
    """Say for how many seconds the oldest undelivered message has waited; its id begins with its time."""
    seconds, microseconds = redis.time()
    for message, _ in redis.xrange(stream, min=b"(" + delivered, count=1):
        return float(seconds + microseconds / 1e6 - int(message.partition(b"-")[0]) / 1000)
    return 0


def _ask(settings: str, port: str, path: str) -> None:
    host = os.environ.get(f"{settings}HOST", "0.0.0.0").replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - a reader
    address = f"http://{host}:{os.environ.get(f'{settings}PORT', port)}{path}"
    build_opener(ProxyHandler({})).open(address, timeout=3).close()  # a proxy is for what is outside


CHECKS = {"server": server, "services": services, "worker": worker}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in CHECKS:
        sys.exit(f"health: expected one of {', '.join(CHECKS)}")
    try:
        CHECKS[sys.argv[1]]()
    except (OSError, HTTPException, RedisError, ValueError, KeyError) as error:
        sys.exit(f"health: {sys.argv[1]}: {type(error).__name__}: {error}")
