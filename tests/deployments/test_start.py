"""A release that is started is started once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import prefect
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_RETRY_JITTER_FACTOR, temporary_settings
from prefect.states import Completed

from deployments.carry_out import carry_out
from deployments.start import start

ORDER = {"what": {"version": "1"}}


class Busy:
    """A server that does what it is asked, and whose first answer to that is lost.

    As Prefect's, it makes one run of all requests with the same key.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.runs: dict[str, FlowRun] = {}
        self.deployment = DeploymentResponse(id=uuid4(), flow_id=uuid4(), name="release")

    def create(self, body: dict[str, Any]) -> FlowRun | None:
        key = body.get("idempotency_key") or str(uuid4())
        self.asked.append(key)
        run = FlowRun(
            id=uuid4(), flow_id=self.deployment.flow_id, name="one", state=Completed(message="done")
        )
        made = self.runs.setdefault(key, run)
        return made if len(self.asked) > 1 else None


@pytest.fixture
def server() -> Iterator[Busy]:
    busy = Busy()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/admin/version"):
                self._say(200, json.dumps(prefect.__version__))
            elif "/deployments/" in self.path:
                self._say(200, busy.deployment.model_dump_json())
            elif "/flow_runs/" in self.path:
                self._say(200, next(iter(busy.runs.values())).model_dump_json())
            else:
                self._say(404, "{}")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made = busy.create(body)
            self._say(201, made.model_dump_json()) if made else self._say(503, "{}", ("Retry-After", "0"))

        def _say(self, status: int, text: str, *headers: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (*headers, ("Content-Length", str(len(text.encode())))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{listening.server_port}/api"
    with temporary_settings({PREFECT_API_URL: address, PREFECT_CLIENT_RETRY_JITTER_FACTOR: 0}):
        yield busy
    listening.shutdown()
    listening.server_close()


@pytest.mark.parametrize("begin", [start, carry_out])
def test_an_answer_that_is_lost_starts_it_once(
    server: Busy, begin: Callable[[str, dict[str, Any]], Any]
) -> None:
    """The request is sent again, and is known as the same; the next release is another one."""
    begin("release", ORDER)
    assert len(server.asked) == 2
    assert len(server.runs) == 1
    begin("release", ORDER)
    assert len(server.runs) == 2
