"""What is noticed from outside when a release is over."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from tests.chaos import seen
from tests.chaos.cell import Cell
from tests.chaos.world import World


def test_a_process_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was believed dead may take its time, but has to be gone before anything else is looked at."""
    monkeypatch.setattr(seen, "WAKES", 0.3)
    world: Any = object.__new__(World)  # nothing of it is touched
    cell = Cell(world, "release", "switch: recorded", "zombie", run="a-run-that-stays")
    stays = subprocess.Popen(("sleep", "60"), env=os.environ | {"PREFECT__FLOW_RUN_ID": cell.run})
    try:
        assert next(seen.problems(cell, ("Live",), ())) == f"its processes are still there: [{stays.pid}]"
    finally:
        stays.kill()
        stays.wait()
    cell.end = "Crashed"
    assert next(seen.problems(cell, ("Live",), ())).startswith("ended as 'Crashed'")
