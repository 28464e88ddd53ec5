"""What a process that is killed does: deploy a release behind a load balancer, and give it the traffic."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3 import client
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.store import ArtifactStore
from sendoff.targets import connection
from sendoff.targets.load_balancer import backing
from sendoff.targets.load_balancer.load_balancer import open_target
from sendoff.targets.ssh.login import Login
from tests.kit.emulators import REGION
from tests.sendoff.targets.load_balancer.place import ACCESS, opened


def prepare(described: dict[str, Any]) -> Callable[..., None]:
    """Take the release that all bring; the deed is given the target to bring it to, and its hosts.

    What botocore reads from disk is read here, once for all children. They connect by themselves.
    """
    artifact = Artifact.model_validate(described["artifact"])
    store = ArtifactStore(FolderObjects(Path(described["store"])))
    backing.EVERY = 0.05
    connection.session = functools.cache(client.session)
    for service in ("elbv2", "ecs"):
        connection.session(ACCESS, REGION).client(service).close()

    def deed(target: Mapping[str, Any], hosts: Mapping[str, Any], login: Mapping[str, Any] | None) -> None:
        placed = LoadBalancer.model_validate_json(json.dumps(target))
        behind = opened(placed, hosts, Login.model_validate(login), "run-1", 1) if login else {}
        with open_target(placed, ACCESS, "run-1", 1, behind) as found:
            host = found.host("front")
            host.deploy(artifact, store)
            host.shift(artifact.release_name, 10)
            host.switch(artifact.release_name)

    return deed
