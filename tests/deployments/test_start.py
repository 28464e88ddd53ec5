"""A release that is started is started once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
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
from tests.kit.serving import Handler, serving

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

    class Prefect(Handler):
        def do_GET(self) -> None:
            if self.path.endswith("/admin/version"):
                self.answer(200, json.dumps(prefect.__version__).encode())
            elif "/deployments/" in self.path:
                self.answer(200, busy.deployment.model_dump_json().encode())
            elif "/flow_runs/" in self.path:
                self.answer(200, next(iter(busy.runs.values())).model_dump_json().encode())
            else:
                self.answer(404, b"{}")

        def do_POST(self) -> None:
            body = json.loads(self.body())
            if made := busy.create(body):
                self.answer(201, made.model_dump_json().encode())
            else:
                self.answer(503, b"{}", {"Retry-After": "0"})

    with serving(Prefect) as listening:
        address = f"{listening.address}/api"
        with temporary_settings({PREFECT_API_URL: address, PREFECT_CLIENT_RETRY_JITTER_FACTOR: 0}):
            yield busy


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
