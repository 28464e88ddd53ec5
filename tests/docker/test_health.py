"""The health checks: right only if the part answers that it is."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.kit.serving import Handler, serving


@pytest.fixture
def check(docker):
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-I", docker / "health.py", *words)
        proxies = {"http_proxy": "http://127.0.0.1:1"}
        return subprocess.run(
            command, env={**proxies, **environ}, capture_output=True, text=True, check=False, timeout=20
        )

    return run


@pytest.fixture
def answering():
    """Answer on a port of this machine; gives the port and the paths that were asked for."""
    running = ExitStack()

    def start(status: int) -> tuple[str, list[str]]:
        asked: list[str] = []

        class Answer(Handler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.answer(status)

        return str(running.enter_context(serving(Answer)).server_port), asked

    with running:
        yield start


PARTS = pytest.mark.parametrize(
    ("part", "port", "path"),
    [
        ("server", "PREFECT_SERVER_API_PORT", "/api/health"),
        ("worker", "PREFECT_WORKER_WEBSERVER_PORT", "/health"),
    ],
)


@PARTS
def test_healthy(part, port, path, check, answering):
    """A part that says that it is well is; no proxy is asked."""
    number, asked = answering(200)
    done = check(part, **{port: number})
    assert (done.returncode, done.stderr, asked) == (0, "", [path])


@PARTS
def test_not_healthy(part, port, path, check, answering):
    """A part that says no is not."""
    number, _ = answering(503)
    done = check(part, **{port: number})
    assert done.returncode == 1
    assert done.stderr.startswith(f"health: {part}: HTTPError: HTTP Error 503")


@PARTS
def test_gone(part, port, path, check):
    """Nor is one that does not answer."""
    assert check(part, **{port: "1"}).returncode == 1


def test_services_without_redis(check):
    """The services cannot be well without Redis, and the message holds no password."""
    done = check("services", PREFECT_SERVER_DOCKET_URL="redis://default:hunter2@127.0.0.1:1/0")
    assert done.returncode == 1
    assert done.stderr.startswith("health: services: ConnectionError: ")
    assert "hunter2" not in done.stderr
    assert "KeyError: 'PREFECT_SERVER_DOCKET_URL'" in check("services").stderr


@pytest.mark.parametrize("words", [(), ("host",), ("server", "worker")])
def test_an_unknown_part(words, check):
    """It says which parts there are."""
    done = check(*words)
    assert (done.returncode, done.stderr) == (1, "health: expected one of server, services, worker\n")
