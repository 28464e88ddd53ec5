"""Releases on the production wiring while parts of it die: API servers, a worker, the services."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.objects import State, StateType

from examples.production import haproxy
from tests.kit.runs import told

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
    pytest.mark.timeout(2400),
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


def test_api_server_dies(production: Stack, approving: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """One of the two is killed while a release goes on; it goes on through the other, until its end."""

    def sees(**expected: str) -> None:
        eventually(lambda: haproxy.servers(wiring.place.folder) == expected, f"HAProxy sees {expected}")

    sees(**{"api-1": "UP", "api-2": "UP"})
    run = begin(production, "2.3.0")
    wiring.kill("api-1")
    production.wait_for(run, "Suspended")
    sees(**{"api-1": "DOWN", "api-2": "UP"})
    approving.approve(run, "alex", "Live")
    wiring.start("api-1")
    sees(**{"api-1": "UP", "api-2": "UP"})
    assert_well(production, run)
    (created,) = production.events(run, "release.created")
    (answered,) = production.events(run, "approval.answered")
    assert (created.actor, created.body["proved"]) == ("operator", True)
    assert (answered.body["approver"], answered.body["proved"]) == ("alex", True)


def test_resumed_on_the_other_worker(
    production: Stack, approving: Stack, wiring: Wiring, eventually: Eventually
) -> None:
    """A release that was suspended on a worker that is gone goes on on the other, from another home."""
    run = begin(production, "2.4.0")
    production.wait_for(run, "Suspended")
    (first,) = workers_of(wiring, run)
    (other,) = {"worker-1", "worker-2"} - {first}
    production.form(run)  # written after the state; who dies in between leaves a run that nobody can answer
    eventually(lambda: not children(wiring.processes.running[first].pid), "the run's process has ended")
    wiring.stop(first)
    approving.approve(run, "alex", "Live")
    assert workers_of(wiring, run) == {first, other}
    wiring.start(first)
    assert_well(production, run)


def workers_of(wiring: Wiring, run: str) -> set[str]:
    """Name the workers that had a run, as their logs say; both may have reached for it, and one let go."""

    def had(log: str) -> bool:
        return log.count(f"submitting flow run '{run}'") > log.count(
            f"Aborted submission of flow run '{run}'"
        )

    names = ("worker-1", "worker-2")
    return {name for name in names if had((wiring.place.logs / f"{name}.log").read_text())}


def children(pid: int) -> str:
    """List the children of a process."""
    return "".join(told(each) for each in Path(f"/proc/{pid}/task").glob("*/children"))


def test_services_die(production: Stack, approving: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """Without the services a release goes on; what they missed waited for them in Redis."""
    run = begin(production, "2.4.1")
    wiring.kill("services")
    production.wait_for(run, "Suspended")
    wiring.start("services")

    def finished() -> set[str]:
        return {task.name for task in production.tasks(run) if task.state_type == StateType.COMPLETED}

    deployed = {f"deploy to {host}" for host in HOSTS}
    eventually(lambda: deployed <= finished(), "the services know of the tasks that ended without them")
    approving.approve(run, "alex", "Live")
    assert_well(production, run)


def test_the_services_look_after_a_run(production: Stack, eventually: Eventually) -> None:
    """They start `recover` for a release that is cancelled while no process has it; nobody signs in there."""
    run = begin(production, "broken")
    production.wait_for(run, "Suspended")
    production.client.set_flow_run_state(UUID(run), State(type=StateType.CANCELLING))
    eventually(lambda: production.events(run, "release.ended"), "its end")
    assert production.end(run) == "cancelled"
    eventually(lambda: not production.ledger.leases(), "it holds nothing any more")
    production.assert_settled("storefront")


def test_event_reaches_the_services(production: Stack, wiring: Wiring, eventually: Eventually) -> None:
    """What one API server is told sets off an automation that was made at the other, in a third process."""
    first, second = (f"http://127.0.0.1:{wiring.place.ports[name]}/api" for name in ("api-1", "api-2"))
    trigger = {
        "type": "event", "posture": "Reactive", "expect": ["sendoff.test"], "threshold": 1, "within": 0,
    }  # fmt: skip
    automation = {"name": "a test", "trigger": trigger, "actions": [{"type": "do-nothing"}]}
    made = ask(wiring, "operator", "POST", f"{second}/automations/", automation).json()
    mine = {"resource": {"id": [f"prefect.automation.{made['id']}"]}}
    acted = {"filter": {**mine, "event": {"name": ["prefect.automation.action.executed"]}}}

    def event() -> dict[str, Any]:
        said = {"event": "sendoff.test", "resource": {"prefect.resource.id": "sendoff.test"}}
        return {**said, "id": str(uuid.uuid4()), "occurred": datetime.now(UTC).isoformat()}

    def has_acted() -> bool:
        """The services hear of a new automation some time after it was made, so the event is sent again."""
        ask(wiring, "worker-1", "POST", f"{first}/events", [event()])
        return bool(ask(wiring, "alex", "POST", f"{second}/events/filter", acted).json()["total"])

    eventually(has_acted, "the automation has acted", pause=1)
    ask(wiring, "operator", "DELETE", f"{second}/automations/{made['id']}")


def ask(wiring: Wiring, who: str, method: str, address: str, body: Any = None) -> httpx.Response:
    """Ask an API server, not through HAProxy, as somebody."""
    name, _, password = wiring.place.credentials[who].partition(":")
    answer = httpx.request(method, address, json=body, auth=(name, password), timeout=30)
    return answer.raise_for_status()
