"""What is registered, and what is left alone as it is registered already."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule

from deployments import register as module
from flows.release import release
from sendoff.nightly import nightly
from sendoff.spec.models import ReleaseFile

FILE = ReleaseFile.model_validate(
    {
        "application": "shop",
        "owner": "us",
        "hosts": {"a": {"address": "a.example"}},
        "build": {"source": {"git": "https://git.example/shop"}, "command": ["make"], "output": "out"},
        "environments": [
            {
                "name": "test",
                "targets": [{"name": "web", "user": "app", "root": "/srv/a", "hosts": ["a"]}],
                "schedule": {"cron": "0 2 * * *", "timezone": "Europe/Berlin"},
            }
        ],
    }
)


def test_a_schedule_is_registered_as_its_run_expects_it() -> None:
    """A run of it with any other parameters is refused."""
    made: list[dict[str, Any]] = []
    deployments: Any = SimpleNamespace(register=lambda *given, **more: made.append(more))
    environment = FILE.environments[0]
    assert environment.schedule is not None
    module._nightly(deployments, FILE, environment, environment.schedule)
    assert made[0]["parameters"] == nightly(FILE, "test")
    assert [each.parameters for each in made[0]["schedules"]] == [{}]


WANTED: dict[str, Any] = {
    "work_pool_name": "sendoff",
    "job_variables": {"command": "python"},
    "entrypoint": "flows.tell.tell",
    "description": "Tells",
    "parameter_openapi_schema": {"type": "object"},
    "enforce_parameter_schema": True,
    "tags": ["sendoff"],
    "parameters": {"what": {"version": ""}},
    "schedules": [DeploymentScheduleCreate(schedule=CronSchedule(cron="0 2 * * *"), slug="nightly")],
}


def deployment(**other: Any) -> DeploymentResponse:
    """What the server says of a deployment that is as wanted, but for something."""
    ids = {"id": uuid4(), "flow_id": uuid4(), "deployment_id": uuid4(), "name": "tell"}
    said = WANTED | other
    schedules = [DeploymentSchedule(**ids, **each.model_dump()) for each in said["schedules"]]
    return DeploymentResponse(**ids, **said | {"schedules": schedules})


def test_what_is_as_wanted_is_left_alone() -> None:
    """What the server itself notes of a deployment makes it no other one."""
    assert module._is_as(deployment(last_polled=datetime.now(UTC), status="READY"), WANTED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("work_pool_name", "elsewhere"),
        ("job_variables", {"command": "rm"}),
        ("entrypoint", "elsewhere.story"),
        ("description", None),
        ("parameter_openapi_schema", {"type": "array"}),
        ("enforce_parameter_schema", False),
        ("tags", []),
        ("parameters", {"what": {"version": "1"}}),
        ("schedules", []),
        ("schedules", [DeploymentScheduleCreate(schedule=CronSchedule(cron="0 3 * * *"), slug="nightly")]),
        ("schedules", [WANTED["schedules"][0].model_copy(update={"active": False})]),
        ("schedules", [WANTED["schedules"][0].model_copy(update={"slug": None})]),
        ("schedules", [WANTED["schedules"][0].model_copy(update={"parameters": {"what": {}}})]),
    ],
)
def test_what_is_other_than_wanted_is_seen(name: str, value: Any) -> None:
    """Everything that registration sets is compared."""
    assert not module._is_as(deployment(**{name: value}), WANTED)


def test_everything_that_registration_sets_is_compared() -> None:
    """The test above knows of all of it."""
    sent: dict[str, Any] = {}
    client: Any = SimpleNamespace(
        read_deployments=list,
        create_flow=lambda story: uuid4(),
        create_deployment=lambda **given: sent.update(given),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_variables", dict)
        module.Deployments(client, [FILE], signs_in=False).register(release, "release", tags=["sendoff"])
    assert set(sent) - {"flow_id", "name"} == set(WANTED)
