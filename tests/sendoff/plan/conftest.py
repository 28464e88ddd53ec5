"""A release file with two fleets, an artifact, and the facts of its hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.plan.models import HostState
from sendoff.spec.models import ReleaseFile

OLD = "2.4.0-" + "0" * 12


@pytest.fixture
def release_file() -> Callable[..., ReleaseFile]:
    """Make a release file; web hosts, their batch, commands, checks and gates can be chosen."""

    def make(web: int = 3, batch: Any = 1, **environment: Any) -> ReleaseFile:
        commands = environment.pop("commands", {})
        hosts = [f"web-{number}" for number in range(1, web + 1)]
        fleets = [
            {
                "name": "web",
                "hosts": hosts,
                "user": "app",
                "root": "/srv/a",
                "batch": batch,
                "commands": commands,
            },
            {"name": "jobs", "hosts": ["jobs-1"], "user": "app", "root": "/srv/a"},
        ]
        return ReleaseFile.model_validate(
            {
                "application": "storefront",
                "owner": "shop",
                "hosts": {name: {"address": "127.0.0.1"} for name in (*hosts, "jobs-1")},
                "build": {"source": {"folder": "."}, "command": ["make"], "output": "dist"},
                "environments": [{"name": "production", "targets": fleets, **environment}],
            }
        )

    return make


@pytest.fixture
def artifact() -> Artifact:
    """Give version 2.4.1, built from a commit."""
    commit = Commit(sha="c0ffee" * 6, author="Ada", at="2026-11-23T10:00:00+00:00", subject="Faster search")
    return Artifact(
        application="storefront",
        version="2.4.1",
        digest="ab" * 32,
        size=61_000_000,
        files=2000,
        commit=commit,
        built_at="2026-11-23T11:00:00+00:00",
        built_by="local:ada",
    )


@pytest.fixture
def facts() -> Callable[..., list[HostState]]:
    """Make the facts of the hosts; what is live on a host can be chosen by its name."""

    def make(web: int = 3, **live: str | None) -> list[HostState]:
        hosts = [("web", f"web-{number}") for number in range(1, web + 1)] + [("jobs", "jobs-1")]
        return [
            HostState(target=target, host=host, live=live.get(host.replace("-", "_"), OLD))
            for target, host in hosts
        ]

    return make
