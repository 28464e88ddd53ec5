"""What is registered of a release file's schedule."""

from __future__ import annotations

from typing import Any

import pytest

from deployments import register as module
from sendoff.nightly import nightly
from sendoff.spec.models import ReleaseFile

FILE = ReleaseFile.model_validate(
    {
        "application": "shop",
        "owner": "us",
        "hosts": {"a": {"address": "a.example"}},
        "build": {"source": {"git": "https://git.example/shop"}, "command": ["make"], "output": "out"},
        "environments": [
            {
                "name": "test",
                "targets": [{"name": "web", "user": "app", "root": "/srv/a", "hosts": ["a"]}],
                "schedule": {"cron": "0 2 * * *", "timezone": "Europe/Berlin"},
            }
        ],
    }
)


def test_a_schedule_is_registered_as_its_run_expects_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of it with any other parameters is refused."""
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "_deployment", lambda *given, **more: made.append(more))
    environment = FILE.environments[0]
    assert environment.schedule is not None
    client: Any = None
    module._nightly(client, FILE, environment, environment.schedule, signs_in=True)
    assert made[0]["parameters"] == nightly(FILE, "test")
    assert [each.parameters for each in made[0]["schedules"]] == [{}]
