"""Register everything with a Prefect server; safe to repeat. `sendoff register` calls it.

What the server has as it should be is left alone: each write costs it more than it takes to look.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.types import SecretDict
from prefect.workers.process import ProcessWorker

from blocks import lookup
from blocks.aws import AwsConnection
from blocks.notices import AppriseAddress, JsonWebhook
from blocks.secrets import ReleaseSecrets
from blocks.ssh import SshConnection
from blocks.store import ArtifactBucket, ArtifactFolder
from deployments.automations import BY_ITSELF, HEARTBEAT, register_automations
from deployments.forms import form
from deployments.stories import AT_SITE, INNER, POOL, RECOVER, STORIES, entrypoint
from flows.release import release
from sendoff import catalog
from sendoff.catalog import Loaded
from sendoff.engine import ENGINE
from sendoff.nightly import nightly
from sendoff.settings import Settings
from sendoff.spec.channels import BlockChannel, WebhookChannel
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.models import Environment, ReleaseFile, Schedule, SshFleet
from tasks.sites import TAG, deployment, pool

ENVIRON = {  # of each run; what a worker has set otherwise counts before this
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT),
    "PREFECT_CLIENT_MAX_RETRIES": "7",  # each after twice the time: two minutes in all
    "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,504",  # what the server says while its own database is away
}

KINDS = (
    ArtifactFolder,
    ArtifactBucket,
    SshConnection,
    AwsConnection,
    ReleaseSecrets,
    AppriseAddress,
    JsonWebhook,
)


def register(settings: Settings) -> list[str]:
    """Register blocks, work pool, deployments and schedules of a catalog; tells each in a line."""
    loaded = list(catalog.find(settings.catalog).values())
    files = [each.file for each in loaded]
    said = [f"block {name}" for name in register_blocks(loaded, settings)]
    with get_client(sync_client=True) as client:
        deployments = Deployments(client, files, settings.signed_by is not None)
        said += _missing_channels(client, files)
        said.append(f"work pool {_pool(client, POOL)}")
        for story in (*STORIES, *INNER):
            tags = ["sendoff", BY_ITSELF] if story in INNER else ["sendoff"]
            deployments.register(story, story.name, tags=tags)
            said.append(f"deployment {story.name}/{story.name}")
        for site in _sites(files):
            said += [f"work pool {_pool(client, pool(site))}", f"deployment {_at(deployments, site)}"]
        recover = deployments.register(RECOVER, RECOVER.name, tags=["sendoff", BY_ITSELF])
        said += [f"automation {name}" for name in register_automations(client, recover)]
        for file in files:
            said += [
                f"schedule {_nightly(deployments, file, each, each.schedule)}"
                for each in file.environments
                if each.schedule
            ]
    return said


def register_blocks(loaded: list[Loaded], settings: Settings) -> list[str]:
    """Make the blocks that the release files call for; what people entered by hand stays."""
    for kind in KINDS:
        kind.register_type_and_schema(_sync=True)  # type: ignore[call-arg]  # as in blocks/lookup.py
    _store(settings)
    names = [lookup.STORE]
    for each in loaded:
        names += [*_connections(each), *_secrets(each.file)]
    return names


def _store(settings: Settings) -> None:
    """Make the block of the artifact store unless there is one; a bucket takes over from a folder."""
    described = lookup.described_store(settings)
    if not any(lookup.find(kind, lookup.STORE) for kind in (ArtifactBucket, type(described))):
        _save(described, lookup.STORE)


def _connections(loaded: Loaded) -> list[str]:
    names = []
    for environment in loaded.file.environments:
        for fleet in environment.targets:
            name = lookup.connection_name(loaded.file.application, environment.name, fleet.name)
            if isinstance(fleet, CloudTarget):
                _in_cloud(name)
                for behind in list(loaded.file.behind(fleet).values())[:1]:  # both sides sign in alike
                    _login(behind, loaded, name)
            else:
                _login(fleet, loaded, name)
            names.append(name)
    return names


def _login(fleet: SshFleet, loaded: Loaded, name: str) -> None:
    block, known = SshConnection.described_by(fleet, loaded.folder), lookup.find(SshConnection, name)
    if known:
        block.private_key = known.private_key
    _save_if_other(block, known, name)


def _in_cloud(name: str) -> None:
    """Make an empty block for people to fill in; until then the worker's own credentials are taken."""
    if not lookup.find(AwsConnection, name):
        _save(AwsConnection(), name)


def _secrets(file: ReleaseFile) -> list[str]:
    named = [
        *file.build.secrets,
        *(each for e in file.environments for f in e.targets for each in f.commands.secrets),
        *(each.secret for each in _channels(file) if isinstance(each, WebhookChannel)),
    ]
    if not named:
        return []
    known = lookup.find(ReleaseSecrets, file.application)
    values = known.connect() if known else {}
    block = ReleaseSecrets(values=SecretDict({name: values.get(name, "") for name in named}))
    _save_if_other(block, known, file.application)
    return [file.application]


def _channels(file: ReleaseFile) -> list[BlockChannel | WebhookChannel]:
    return [*file.notify, *(channel for each in file.environments for channel in each.notify)]


def _missing_channels(client: SyncPrefectClient, files: list[ReleaseFile]) -> Iterator[str]:
    """Say which blocks are not there that people are to be told through: nobody else would say it in time."""
    named = (each.block for file in files for each in _channels(file) if isinstance(each, BlockChannel))
    for name in dict.fromkeys(named):
        kind, _, own = name.partition("/")
        try:
            client.read_block_document_by_name(own, kind)
        except ObjectNotFound:
            yield f"MISSING block {name}: nobody is told through it until it is made, in the UI under Blocks"


def _save_if_other(block: Block, known: Block | None, name: str) -> None:
    if known is None or dict(known) != dict(block):
        _save(block, name)


def _save(block: Block, name: str) -> None:
    block.save(name, overwrite=True, _sync=True)  # type: ignore[call-arg]


def _sites(files: list[ReleaseFile]) -> list[str]:
    fleets = (fleet for file in files for each in file.environments for fleet in each.targets)
    return sorted({fleet.site for fleet in fleets if fleet.site})


def _pool(client: SyncPrefectClient, name: str) -> str:
    template = ProcessWorker.get_default_base_job_template()
    with suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
    return name


def _at(deployments: Deployments, site: str) -> str:
    """Have steps done by the workers of a site; releases look after them, so `recover` does not."""
    deployments.register(AT_SITE, site, files=[], tags=[TAG], work_pool_name=pool(site))
    return deployment(site)


class Deployments:
    """The deployments of a server; one is written only where it is not there yet, or is another."""

    def __init__(self, client: SyncPrefectClient, files: list[ReleaseFile], signs_in: bool) -> None:
        self._client, self._files, self._signs_in = client, files, signs_in
        self._known = {(each.flow_id, each.name): each for each in client.read_deployments()}
        self._variables = _variables()

    def register(
        self, story: Flow[..., Any], name: str, files: list[ReleaseFile] | None = None, **more: Any
    ) -> UUID:
        """Have a story offered under a name, for some release files or for all; gives its deployment."""
        flow = self._client.create_flow(story)
        wanted = {
            "work_pool_name": POOL,
            "job_variables": self._variables,
            "entrypoint": entrypoint(story),
            "description": story.description,
            "parameter_openapi_schema": form(story, self._files if files is None else files, self._signs_in),
            "enforce_parameter_schema": True,
            "parameters": {},
            "schedules": [],
            **more,
        }
        known = self._known.get((flow, name))
        if known is not None and _is_as(known, wanted):
            return known.id
        return self._client.create_deployment(flow_id=flow, name=name, **wanted)


def _is_as(known: DeploymentResponse, wanted: dict[str, Any]) -> bool:
    """Tell whether a deployment is what it should be, whoever may have changed it in the meantime."""
    planned = [(each.schedule, each.active, each.slug, each.parameters) for each in known.schedules]
    asked = [(each.schedule, each.active, each.slug, each.parameters) for each in wanted["schedules"]]
    return planned == asked and all(
        getattr(known, name) == value for name, value in wanted.items() if name != "schedules"
    )


def _variables() -> dict[str, Any]:
    """Have each process start soon, be heard of, wait for a server that is away, and share its results."""
    block = lookup.results()
    shared = {"PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK": block} if block else {}
    return {"env": ENVIRON | shared, "command": ENGINE}


def _nightly(
    deployments: Deployments, file: ReleaseFile, environment: Environment, schedule: Schedule
) -> str:
    """Schedule releases of the newest commit; the release itself finds out when there is nothing new."""
    name = f"nightly-{file.application}-{environment.name}"
    cron = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    deployments.register(
        release,
        name,
        files=[file],
        tags=["sendoff", "scheduled", file.application, environment.name],
        schedules=[DeploymentScheduleCreate(schedule=cron, active=True, slug="nightly")],
        parameters=nightly(file, environment.name),
    )
    return f"release/{name} ({schedule.cron}, {schedule.timezone})"


def main() -> None:
    """Register the catalog that SENDOFF_CATALOG names."""
    for line in register(Settings.read(os.environ)):
        print(line)


if __name__ == "__main__":
    main()
