"""What a process that is killed does: deploy a release behind a load balancer, and give it the traffic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.spec.load_balancer import LoadBalancer
from sendoff.store import ArtifactStore
from sendoff.targets.load_balancer import backing
from sendoff.targets.load_balancer.load_balancer import open_target
from tests.sendoff.targets.load_balancer.place import ACCESS


def prepare(described: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Take the release that all bring; the deed is given the target to bring it to."""
    artifact = Artifact.model_validate(described["artifact"])
    store = ArtifactStore(FolderObjects(Path(described["store"])))
    backing.EVERY = 0.05

    def deed(target: dict[str, Any]) -> None:
        placed = LoadBalancer.model_validate_json(json.dumps(target))
        with open_target(placed, ACCESS, "run-1", 1) as opened:
            host = opened.host("front")
            host.deploy(artifact, store)
            host.shift(artifact.release_name, 10)
            host.switch(artifact.release_name)

    return deed
