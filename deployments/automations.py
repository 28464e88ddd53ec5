"""What Prefect watches for Sendoff: runs that die, fall silent or are cancelled while no process has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

HEARTBEAT = 30  # seconds; Prefect allows no less
SILENCE = timedelta(seconds=70)  # two heartbeats may come late or be lost

AT_A_SITE = "sendoff-at-site"  # the tag of runs that a release has started and looks after
BY_ITSELF = "sendoff-inner"  # the tag of what Sendoff starts by itself, and people do not
OURS: dict[str, Any] = {"prefect.resource.id": "prefect.tag.sendoff", "prefect.resource.role": "tag"}
WITH_STEPS = OURS | {"prefect.resource.id": ["prefect.tag.sendoff", f"prefect.tag.{AT_A_SITE}"]}
A_RUN: dict[str, Any] = {"prefect.resource.id": "prefect.flow-run.*"}


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
        actions=[
            RunDeployment(
                source="selected",
                deployment_id=recover,
                parameters={"run": {"__prefect_kind": "jinja", "template": "{{ flow_run.id }}"}},
            )
        ],
    )
    silent = AutomationCore(
        name="sendoff: a run that fell silent has died",
        description="Its worker died with it, so nobody told. Should it live, hosts and ledger refuse it.",
        trigger=EventTrigger(
            after={"prefect.flow-run.Pending", "prefect.flow-run.Running", "prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=A_RUN,
            match_related=WITH_STEPS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message=f"it said nothing for {SILENCE.total_seconds():.0f} s: its process or worker died",
            )
        ],
    )
    return died, silent


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
