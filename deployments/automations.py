"""What Prefect watches for Sendoff: runs that die, fall silent or are cancelled while no process has them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from tasks.recovery import SILENCE
from tasks.sites import TAG

HEARTBEAT = 30  # seconds; Prefect allows no less

BY_ITSELF = "sendoff-inner"  # the tag of what Sendoff starts by itself, and people do not
OURS: dict[str, Any] = {"prefect.resource.id": "prefect.tag.sendoff", "prefect.resource.role": "tag"}
WITH_STEPS = OURS | {"prefect.resource.id": ["prefect.tag.sendoff", f"prefect.tag.{TAG}"]}
A_RUN: dict[str, Any] = {"prefect.resource.id": "prefect.flow-run.*"}
BEGUN = {f"prefect.flow-run.{name}" for name in ("Pending", "Submitting", "Running")}
MOVED = {f"prefect.flow-run.{state}" for state in ("Late", "AwaitingRetry", "Retrying", "Cancelling")}
OVER = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Crashed", "Cancelled")}
LOOKS_AFTER = "recover"  # the flow that the automations start
# `flow_run.id` would have the server make a client and ask itself for the run first.
THE_RUN = "{{ event.resource.id.removeprefix('prefect.flow-run.') }}"


def automations(recover: UUID) -> tuple[AutomationCore, ...]:
    """Describe them; `recover` is the deployment that looks after a run."""
    died = AutomationCore(
        name="sendoff: look after a run that died or was cancelled",
        description="Starts `recover`, which has it go on in another process or brings it to an end.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Crashed", "prefect.flow-run.Cancelled"},
            match=A_RUN,
            match_related=OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[_look_after(recover)],
    )
    silent = AutomationCore(
        name="sendoff: a run that fell silent has died",
        description="Starts `recover`, which looks at it first: a worker that died with its run told nobody.",
        trigger=EventTrigger(
            after=BEGUN | {"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=A_RUN,
            match_related=[WITH_STEPS, _of_flow(f"!{LOOKS_AFTER}")],
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[_look_after(recover, silent=True)],
    )
    # It is over sooner than its first heartbeat arrives, which would look like a run that then fell silent;
    # and what is started for that would look so as well.
    unattended = AutomationCore(
        name="sendoff: a `recover` that fell silent has died",
        description="Starts another one. It is not asked for heartbeats: it is over before they arrive.",
        trigger=EventTrigger(
            after=BEGUN,
            expect=BEGUN | MOVED | OVER,
            match=A_RUN,
            match_related=[OURS, _of_flow(LOOKS_AFTER)],
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[_look_after(recover, silent=True)],
    )
    return died, silent, unattended


def _of_flow(name: str) -> dict[str, Any]:
    return {"prefect.resource.role": "flow", "prefect.resource.name": name}


def _look_after(recover: UUID, **more: Any) -> RunDeployment:
    parameters = {"run": {"__prefect_kind": "jinja", "template": THE_RUN}, **more}
    # Its type is said, as of an automation that is known the client sends only what was said.
    return RunDeployment(
        type="run-deployment", source="selected", deployment_id=recover, parameters=parameters
    )


def register_automations(client: SyncPrefectClient, recover: UUID) -> list[str]:
    """Make them, or bring those of the same name up to date; gives their names."""
    wanted = automations(recover)
    for each in wanted:
        known = client.read_automations_by_name(each.name)
        if known:
            client.update_automation(known[0].id, each)
        else:
            client.create_automation(each)
    return [each.name for each in wanted]
