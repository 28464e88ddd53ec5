"""Register everything with a Prefect server; safe to repeat. `sendoff register` calls it."""

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
from sendoff.spec.models import Environment, ReleaseFile, Schedule, SshFleet, StaticSite
from tasks.sites import TAG, deployment, pool

RETRIES = 7  # of a request to the server, each after twice the time: two minutes in all


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
    signs_in = settings.signed_by is not None
    with get_client(sync_client=True) as client:
        said += _missing_channels(client, files)
        said.append(f"work pool {_pool(client, POOL)}")
        for story in (*STORIES, *INNER):
            tags = ["sendoff", BY_ITSELF] if story in INNER else ["sendoff"]
            _deployment(client, story, story.name, files, signs_in, tags=tags)
            said.append(f"deployment {story.name}/{story.name}")
        for site in _sites(files):
            said += [f"work pool {_pool(client, pool(site))}", f"deployment {_at(client, site)}"]
        recover = _deployment(client, RECOVER, RECOVER.name, files, tags=["sendoff", BY_ITSELF])
        said += [f"automation {name}" for name in register_automations(client, recover)]
        for file in files:
            said += [
                f"schedule {_nightly(client, file, each, each.schedule, signs_in)}"
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
            if isinstance(fleet, StaticSite):
                _bucket(name)
            else:
                _login(fleet, loaded, name)
            names.append(name)
    return names


def _login(fleet: SshFleet, loaded: Loaded, name: str) -> None:
    block = SshConnection.described_by(fleet, loaded.folder)
    if known := lookup.find(SshConnection, name):
        block.private_key = known.private_key
    _save(block, name)


def _bucket(name: str) -> None:
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
    _save(ReleaseSecrets(values=SecretDict({name: values.get(name, "") for name in named})), file.application)
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


def _at(client: SyncPrefectClient, site: str) -> str:
    """Have steps done by the workers of a site; releases look after them, so `recover` does not."""
    _deployment(client, AT_SITE, site, [], tags=[TAG], work_pool_name=pool(site))
    return deployment(site)


def _deployment(
    client: SyncPrefectClient,
    story: Flow[..., Any],
    name: str,
    files: list[ReleaseFile],
    signs_in: bool = False,
    **more: Any,
) -> UUID:
    return client.create_deployment(
        flow_id=client.create_flow(story),
        name=name,
        entrypoint=entrypoint(story),
        description=story.description,
        parameter_openapi_schema=form(story, files, signs_in),
        enforce_parameter_schema=True,
        **{"work_pool_name": POOL, "tags": ["sendoff"], "job_variables": _variables(), **more},
    )


def _variables() -> dict[str, Any]:
    """Have each process start soon, be heard of, wait for a server that is away, and share its results."""
    env = {
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT),
        "PREFECT_CLIENT_MAX_RETRIES": str(RETRIES),
        "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500,504",  # what it says while its own database is away
    }
    block = lookup.results()
    shared = {"PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK": block} if block else {}
    return {"env": env | shared, "command": ENGINE}


def _nightly(
    client: SyncPrefectClient, file: ReleaseFile, environment: Environment, schedule: Schedule, signs_in: bool
) -> str:
    """Schedule releases of the newest commit; the release itself finds out when there is nothing new."""
    name = f"nightly-{file.application}-{environment.name}"
    cron = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
    _deployment(
        client,
        release,
        name,
        [file],
        signs_in,
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
