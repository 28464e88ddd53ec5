"""Samples to compute with; nothing here is timed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.results import Sample


@pytest.fixture
def sample() -> Callable[..., Sample]:
    """Make a sample of the first release; what does not matter is filled in."""

    def make(tool: str, hosts: int, seconds: float, repeat: int = 0, **more: object) -> Sample:
        given = {"phase": "first", "cpu": 1.0, "farm_cpu": 2.0, "others": 0.0, **more}
        return Sample(tool=tool, hosts=hosts, repeat=repeat, seconds=seconds, **given)  # type: ignore[arg-type]

    return make
