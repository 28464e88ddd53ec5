"""What Prefect is asked to watch."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.server.events.schemas.automations import EventTrigger as ServerTrigger
from prefect.server.events.schemas.events import ReceivedEvent
from prefect.server.utilities.user_templates import (
    matching_types_in_templates,
    render_user_template,
    validate_user_template,
)

from deployments.automations import HEARTBEAT, automations, register_automations
from sendoff.server.bodies import started_by
from tasks.recovery import SILENCE

RECOVER, RUN = uuid4(), uuid4()


class Server:
    """As much of a Prefect server as keeps automations."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def read_automations_by_name(self, name: str) -> list[Any]:
        return [self.kept[name]] if name in self.kept else []

    def create_automation(self, automation: Any) -> UUID:
        created = automation.model_copy()
        object.__setattr__(created, "id", uuid4())
        self.kept[automation.name] = created
        return uuid4()

    def update_automation(self, wanted: UUID, automation: Any) -> None:
        assert self.kept[automation.name].id == wanted


def test_silence_is_longer_than_two_heartbeats() -> None:
    """One that is late or lost kills no run, and two minutes are enough to be found and to go on."""
    assert 2 * HEARTBEAT < SILENCE.total_seconds() < 90


def test_the_run_that_died_is_named() -> None:
    """`recover` is given the run that the event was about, which the server need not look up."""
    for each, more in zip(automations(RECOVER), ({}, {"silent": True}, {"silent": True}), strict=True):
        (action,) = each.actions
        assert action.deployment_id == RECOVER
        template = action.parameters["run"]["template"]
        assert action.parameters == {"run": {"__prefect_kind": "jinja", "template": template}, **more}
        validate_user_template(template)
        died = heard("prefect.flow-run.Crashed", "release")
        assert asyncio.run(render_user_template(template, {"event": died})) == str(RUN)
        assert matching_types_in_templates([template], {"flow", "flow_run"}) == []


def test_only_our_own_runs_are_watched() -> None:
    """Runs of others on the same server are left alone."""
    for each in automations(RECOVER):
        assert "prefect.tag.sendoff" in str(each.trigger.match_related)


def test_registering_again_makes_none_twice() -> None:
    """Automations of the same name are brought up to date."""
    server: Any = Server()
    first = register_automations(server, RECOVER)
    assert register_automations(server, RECOVER) == first == list(server.kept)


def test_the_server_lets_an_admin_make_them() -> None:
    """Where people sign in, it looks at what they do, as the client sends new ones and known ones."""
    for each in automations(RECOVER):
        for unset_too in (True, False):
            sent = each.model_dump(mode="json", exclude_unset=not unset_too)
            assert list(started_by(sent)) == [str(RECOVER)]


def heard(event: str, flow: str) -> Any:
    """Make an event of one of our runs, as Prefect does."""
    related = [
        {"prefect.resource.id": f"prefect.flow.{flow}", "prefect.resource.role": "flow"}
        | {"prefect.resource.name": flow},
        {"prefect.resource.id": "prefect.tag.sendoff", "prefect.resource.role": "tag"},
    ]
    resource = {"prefect.resource.id": f"prefect.flow-run.{RUN}"}
    return ReceivedEvent(
        occurred=datetime.now(UTC), event=event, resource=resource, related=related, id=uuid4()
    )


@pytest.mark.parametrize(
    ("flow", "event", "watched_by"),
    [
        ("release", "Pending", "a run"),
        ("release", "Submitting", "a run"),
        ("release", "Running", "a run"),
        ("release", "heartbeat", "a run"),
        ("release", "Completed", None),
        ("recover", "Pending", "a `recover`"),
        ("recover", "Submitting", "a `recover`"),
        ("recover", "Running", "a `recover`"),
        ("recover", "heartbeat", None),
        ("recover", "Completed", None),
    ],
)
def test_what_is_heard_of_a_run_last(flow: str, event: str, watched_by: str | None) -> None:
    """After whatever may be the last thing that is heard, one of them waits for more, and only one.

    A heartbeat of `recover` arrives when it is over: nothing waits for more then.
    """
    name, found = f"prefect.flow-run.{event}", []
    for each in automations(RECOVER)[1:]:
        trigger = ServerTrigger.model_validate(each.trigger.model_dump())
        if trigger.covers(heard(name, flow)) and trigger.starts_after(name):
            found.append(each.name)
    assert [name.removeprefix("sendoff: ").partition(" that")[0] for name in found] == (
        [watched_by] if watched_by else []
    )
