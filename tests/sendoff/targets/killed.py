"""What a process that is killed does: deploy a release to a target in a cloud, and make it live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr, TypeAdapter

from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Access, Credentials
from sendoff.spec.cloud import Configuration, Parameter
from sendoff.store import ArtifactStore
from sendoff.targets.configuration import rollout
from sendoff.targets.opening import open_in_cloud

ACCESS = Access(key=Credentials(access_key_id="AKIDEMULATED", secret_access_key=SecretStr("secret")))


def prepare(described: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Read what is deployed; the deed is given what the target is."""
    artifact = Artifact.model_validate(described["artifact"])
    kinds: TypeAdapter[Parameter | Configuration] = TypeAdapter(Parameter | Configuration)
    rollout.PAUSE = 0.01

    def deed(target: dict[str, Any]) -> None:
        opened = open_in_cloud(kinds.validate_python(target), ACCESS, "run-1", 1)
        host = opened.host(target["name"])
        host.deploy(artifact, ArtifactStore(FolderObjects(Path(described["store"]))))
        host.switch(artifact.release_name)

    return deed
