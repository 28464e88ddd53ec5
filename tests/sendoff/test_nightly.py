"""What the schedule of a release file starts."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.nightly import nightly
from sendoff.spec.models import ReleaseFile


def release_file(**environment: Any) -> ReleaseFile:
    target = {"name": "web", "user": "deploy", "root": "/srv/app", "hosts": ["a"]}
    return ReleaseFile.model_validate(
        {
            "application": "shop",
            "owner": "us",
            "hosts": {"a": {"address": "a.example"}},
            "build": {"source": {"git": "https://git.example/shop"}, "command": ["make"], "output": "out"},
            "environments": [{"name": "test", "targets": [target], **environment}],
        }
    )


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({"schedule": {"cron": "0 2 * * *", "timezone": "Europe/Berlin"}}, ["newest", None, "the schedule"]),
        ({}, None),
    ],
    ids=["schedule", "none"],
)
def test_the_newest_is_released(environment: dict[str, Any], asked: list[str | None] | None) -> None:
    """Of that environment alone, in nobody's name and as no emergency; nothing where there is no schedule."""
    found = nightly(release_file(**environment), "test")
    if asked is None:
        assert found is None
        return
    assert found is not None
    assert {"application": "shop", "environment": "test"}.items() <= found["what"].items()
    why = found["why"]
    assert [found["what"]["version"], why["emergency"], why["requested_by"]] == asked
