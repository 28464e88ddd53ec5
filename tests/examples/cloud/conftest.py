"""The example that a module names, built as its command would, and led to servers of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sendoff import catalog
from sendoff.artifact.manifest import Artifact
from sendoff.objects import FolderObjects
from sendoff.objects.s3.address import Credentials
from sendoff.store import ArtifactStore


@pytest.fixture(scope="module")
def loaded(request: pytest.FixtureRequest) -> catalog.Loaded:
    """Read the release file of `EXAMPLE`."""
    return catalog.load(request.module.EXAMPLE / "release.yaml")


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(FolderObjects(tmp_path / "store"))


@pytest.fixture
def build(loaded: catalog.Loaded, store: ArtifactStore) -> Callable[..., Artifact]:
    """Build a version of the folder that its command copies, or of another one."""

    def make(version: str, tree: Path | None = None) -> Artifact:
        if tree is None:
            copy, recursively, folder, _ = loaded.file.build.command
            assert (copy, recursively) == ("cp", "-r")
            tree = loaded.path.parent / folder
        now = datetime(2026, 1, 1, tzinfo=UTC)
        name = loaded.file.application
        return store.add(tree, name, version, commit=None, built_at=now, built_by="tests")

    return make


@pytest.fixture
def here(
    loaded: catalog.Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., catalog.Loaded]:
    """Say where production's targets are on this machine, in their order, and the key for them."""

    def lead(key: Credentials, *targets: Mapping[str, Any]) -> catalog.Loaded:
        data = json.loads(loaded.file.model_dump_json())
        for target, place in zip(data["environments"][-1]["targets"], targets, strict=True):
            target |= {"account": None, **place}
        (tmp_path / "release.yaml").write_text(json.dumps(data))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret_access_key.get_secret_value())
        return catalog.load(tmp_path / "release.yaml")

    return lead
