"""Which block serves what: names from the release file, and what holds when there is no such block."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from prefect.blocks.core import Block

from blocks.aws import AwsConnection
from blocks.secrets import ReleaseSecrets
from blocks.ssh import SshConnection
from blocks.store import ArtifactBucket, ArtifactFolder
from sendoff.settings import Settings
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.models import ReleaseFile, SshFleet, Target
from sendoff.store import ArtifactStore
from sendoff.targets.opening import open_machines
from sendoff.targets.protocol import Hosts

if TYPE_CHECKING:
    from sendoff.targets.connection import Connection

STORE = "artifacts"

Kind = TypeVar("Kind", bound=Block)


def connection_name(application: str, environment: str, fleet: str) -> str:
    """Name the block with the connection to a fleet."""
    return f"{application}-{environment}-{fleet}"


def find(kind: type[Kind], name: str) -> Kind | None:
    """Load a block, or None where there is none of that name."""
    try:
        return kind.load(name, _sync=True)  # type: ignore[call-arg, return-value]  # Prefect types only the async one
    except ValueError as missing:
        if "Unable to find" not in str(missing):
            raise
        return None


def named(name: str) -> Block | None:
    """Load a block of any type by `type/name`, or None where there is none."""
    import blocks.notices  # noqa: F401, PLC0415 -- its types, and Prefect's, are known then; it takes a while

    return find(Block, name)


def store(settings: Settings) -> ArtifactStore:
    """Open the registered artifact store, a bucket before a folder, else the one that the settings name."""
    block = find(ArtifactBucket, STORE) or find(ArtifactFolder, STORE) or described_store(settings)
    return block.connect(settings.cache)


def described_store(settings: Settings) -> ArtifactBucket | ArtifactFolder:
    """Make the block of the store that the settings name."""
    if isinstance(settings.store, Path):
        return ArtifactFolder(folder=str(settings.store))
    return ArtifactBucket.described_by(settings.store)


def results() -> str | None:
    """Name the block that results are kept in: the registered bucket, or None for Prefect's own folder."""
    return f"{ArtifactBucket.get_block_type_slug()}/{STORE}" if find(ArtifactBucket, STORE) else None


def hosts(file: ReleaseFile, environment: str, target: Target, folder: Path, *, by: str, token: int) -> Hosts:
    """Prepare the connections to the hosts of a target, whatever its kind, over its registered block."""
    if isinstance(target, CloudTarget):
        behind = {
            side: open_machines(
                file, fleet, connection(file.application, environment, fleet, folder).login(), by, token
            )
            for side, fleet in file.behind(target).items()
        }
        return _aws(file, environment, target).connect(target, by, token, behind)
    return connection(file.application, environment, target, folder).connect(file, target, by, token)


def cloudwatch(file: ReleaseFile, environment: str, target: CloudTarget) -> Connection:
    """Prepare to ask CloudWatch about a target, as whoever moves its traffic."""
    return _aws(file, environment, target).metrics(target)


def _aws(file: ReleaseFile, environment: str, target: CloudTarget) -> AwsConnection:
    name = connection_name(file.application, environment, target.name)
    return find(AwsConnection, name) or AwsConnection()


def connection(application: str, environment: str, fleet: SshFleet, folder: Path) -> SshConnection:
    """Find the registered connection to a fleet, else the one that the release file describes."""
    name = connection_name(application, environment, fleet.name)
    return find(SshConnection, name) or SshConnection.described_by(fleet, folder)


def secrets(application: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Find the registered secrets of an application, else those among the environment's variables."""
    block = find(ReleaseSecrets, application)
    return block.connect() if block else dict(environ)
