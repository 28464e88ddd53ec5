"""What a process that is killed does: deploy a release and make it live, or remove it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Access, BucketAddress, Credentials
from sendoff.objects.s3.client import connect
from sendoff.spec.cloud import StaticSite
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site import bucket
from sendoff.targets.s3_site.site import open_target


def prepare(described: dict[str, Any]) -> Callable[[str, str], None]:
    """Make the client that all share; the deed is given the part of the bucket and what to do in it."""
    name, secret = described["key"]
    address = BucketAddress(name=described["bucket"], endpoint=described["endpoint"], region="us-east-1")
    client = connect(address, Credentials(access_key_id=name, secret_access_key=SecretStr(secret)))
    bucket.connect = lambda address, access: client
    artifact = Artifact.model_validate(described["artifact"])

    def deed(prefix: str, doing: str) -> None:
        site = StaticSite(
            kind="s3-site",
            name="pages",
            bucket=described["bucket"],
            prefix=prefix,
            layout=described["layout"],
        )
        with open_target(site, Access(), "run-1", 1) as opened:
            host = opened.host("pages")
            if doing == "removal":
                host.remove(artifact.release_name)
                return
            host.deploy(artifact, ArtifactStore(FolderObjects(Path(described["store"]))))
            host.switch(artifact.release_name)

    return deed
