"""The task definition that a release brings with it, whose images nobody can change any more."""

from __future__ import annotations

import json
import re
from typing import Any

from sendoff.artifact.manifest import Artifact
from sendoff.artifact.pack import places
from sendoff.errors import PolicyRefused
from sendoff.store import ArtifactStore
from sendoff.targets.load_balancer.standing import DIGEST, RELEASE

BY_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")
LARGEST = 64 * 1024  # bytes, which is the most that ECS takes


def task_definition(where: str, path: str, artifact: Artifact, store: ArtifactStore) -> dict[str, Any]:
    """Read it from an artifact, with tags to know it by; PolicyRefused when it may not be released."""
    text = _content(where, path, artifact, store)
    try:
        read = json.loads(text)
    except ValueError as error:
        raise _refused(where, path, f"is no JSON ({error})", "a task definition") from None
    containers = read.get("containerDefinitions") if isinstance(read, dict) else None
    if not isinstance(containers, list) or not containers or not isinstance(read.get("family"), str):
        what = "has no 'family', or no 'containerDefinitions'"
        raise _refused(where, path, what, "what `aws ecs register-task-definition --cli-input-json` takes")
    for each in containers:
        image = each.get("image") if isinstance(each, dict) else None
        if not isinstance(image, str) or not BY_DIGEST.fullmatch(image):
            what = f"names the image {image!r}, which may be another one tomorrow"
            raise _refused(where, path, what, "each by its digest, as in shop@sha256:…")
    tags = [*read.get("tags", ()), *_tags(artifact)]
    return {**read, "tags": tags}


def is_of(tags: list[dict[str, str]], artifact: Artifact) -> bool:
    """Tell whether tags of a revision say that it is an artifact's."""
    return all(each in tags for each in _tags(artifact))


def _tags(artifact: Artifact) -> list[dict[str, str]]:
    return [
        {"key": RELEASE, "value": artifact.release_name},
        {"key": DIGEST, "value": artifact.digest},
    ]


def _content(where: str, path: str, artifact: Artifact, store: ArtifactStore) -> bytes:
    manifest = store.manifest(artifact.digest)
    entry = next((each for each in manifest.entries if (each.path, each.kind) == (path, "file")), None)
    if entry is None:
        raise _refused(where, path, f"is not in {artifact.release_name}", "the build to put it there")
    if entry.size > LARGEST:
        raise _refused(where, path, f"has {entry.size} bytes", f"a task definition of at most {LARGEST}")
    with store.open_tree(artifact.digest) as tree:
        tree.seek(places(manifest)[path])
        return tree.read(entry.size)


def _refused(where: str, path: str, what: str, expected: str) -> PolicyRefused:
    return PolicyRefused(f"{where}: {path!r} {what}, expected {expected}; mend it and release a new version")
