"""Releases on the production wiring while parts of it die: API servers, a worker, the services."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.schemas.objects import StateType

from examples.production import haproxy

Stack = Any  # the classes stand in conftest.py, which tests do not import
Wiring = Any
Eventually = Callable[..., Any]
HOSTS = ("web-1", "web-2", "web-3")
ONCE = ("build/build", *(f"deploy/{host}" for host in HOSTS))

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.s3,
    pytest.mark.postgresql,
    pytest.mark.xdist_group("production"),
    pytest.mark.timeout(900),
]


def begin(production: Stack, version: str) -> str:
    """Start a release through HAProxy, and wait until a worker has begun it."""
    what = {"application": "storefront", "environment": "production", "version": version}
    run = str(production.start("release", what))
    production.wait_for(run, "Running", "Suspended")
    return run


def assert_well(production: Stack, run: str) -> None:
    """It is live, each build and deploy was done once, and nothing is held any more."""
    assert production.end(run) == "live"
    steps = Counter(event.body["step"] for event in production.events(run, "step.done"))
    assert {step: steps[step] for step in ONCE} == dict.fromkeys(ONCE, 1)
    production.assert_settled("storefront")


def test_api_server_dies(production: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """One of the two is killed while a release goes on; it goes on through the other, until its end."""

    def sees(**expected: str) -> None:
        eventually(lambda: haproxy.servers(wiring.place.folder) == expected, f"HAProxy sees {expected}")

    sees(**{"api-1": "UP", "api-2": "UP"})
    run = begin(production, "2.3.0")
    wiring.kill("api-1")
    production.wait_for(run, "Suspended")
    sees(**{"api-1": "DOWN", "api-2": "UP"})
    production.approve(run, "alex", "Live")
    wiring.start("api-1")
    sees(**{"api-1": "UP", "api-2": "UP"})
    assert_well(production, run)


def test_resumed_on_the_other_worker(production: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """A release that was suspended on a worker that is gone goes on on the other, from another home."""
    run = begin(production, "2.4.0")
    production.wait_for(run, "Suspended")
    (first,) = workers_of(wiring, run)
    (other,) = {"worker-1", "worker-2"} - {first}
    production.form(run)  # written after the state; who dies in between leaves a run that nobody can answer
    eventually(lambda: not children(wiring.processes.running[first].pid), "the run's process has ended")
    wiring.stop(first)
    production.approve(run, "alex", "Live")
    assert workers_of(wiring, run) == {first, other}
    wiring.start(first)
    assert_well(production, run)


def workers_of(wiring: Wiring, run: str) -> set[str]:
    """Name the workers that had a run, as their logs say."""
    return {
        name for name in ("worker-1", "worker-2") if run in (wiring.place.logs / f"{name}.log").read_text()
    }


def children(pid: int) -> str:
    """List the children of a process."""
    return "".join(each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/children"))


def test_services_die(production: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """Without the services a release goes on; what they missed waited for them in Redis."""
    run = begin(production, "2.4.1")
    wiring.kill("services")
    production.wait_for(run, "Suspended")
    wiring.start("services")

    def finished() -> set[str]:
        return {task.name for task in production.tasks(run) if task.state_type == StateType.COMPLETED}

    deployed = {f"deploy to {host}" for host in HOSTS}
    eventually(lambda: deployed <= finished(), "the services know of the tasks that ended without them")
    production.approve(run, "alex", "Live")
    assert_well(production, run)


def test_event_reaches_the_services(production: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """What one API server is told sets off an automation that was made at the other, in a third process."""
    first, second = (f"http://127.0.0.1:{wiring.place.ports[name]}/api" for name in ("api-1", "api-2"))
    trigger = {
        "type": "event", "posture": "Reactive", "expect": ["sendoff.test"], "threshold": 1, "within": 0,
    }  # fmt: skip
    automation = {"name": "a test", "trigger": trigger, "actions": [{"type": "do-nothing"}]}
    made = httpx.post(f"{second}/automations/", json=automation, timeout=30).raise_for_status().json()
    mine = {"resource": {"id": [f"prefect.automation.{made['id']}"]}}
    acted = {"filter": {**mine, "event": {"name": ["prefect.automation.action.executed"]}}}

    def event() -> dict[str, Any]:
        said = {"event": "sendoff.test", "resource": {"prefect.resource.id": "sendoff.test"}}
        return {**said, "id": str(uuid.uuid4()), "occurred": datetime.now(UTC).isoformat()}

    def has_acted() -> bool:
        """The services hear of a new automation some time after it was made, so the event is sent again."""
        httpx.post(f"{first}/events", json=[event()], timeout=30).raise_for_status()
        found = httpx.post(f"{second}/events/filter", json=acted, timeout=30).raise_for_status()
        return bool(found.json()["total"])

    eventually(has_acted, "the automation has acted", pause=1)
    httpx.delete(f"{second}/automations/{made['id']}", timeout=30).raise_for_status()
