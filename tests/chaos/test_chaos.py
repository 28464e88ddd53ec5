"""The short form of `make chaos`: every boundary of a release once, and somebody else struck at each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.cell import Cell
from tests.chaos.matrix import Matrix, find_boundaries
from tests.chaos.victims import VICTIMS, Victim, unmount
from tests.chaos.world import World

BOUND = 2400.0  # seconds; a few minutes on a machine of its own that is not slow


@pytest.mark.prefect
@pytest.mark.postgresql
@pytest.mark.chaos
@pytest.mark.timeout(3000)
def test_every_boundary_once(tmp_path: Path) -> None:
    """Whatever dies, a release comes to the same end, each effect happens once, and nothing stays locked."""
    victims = [kind(short=True) for kind in VICTIMS if kind.is_possible()]
    try:
        with World.made(tmp_path / "world") as world:
            found = list(find_boundaries(world).items())
            matrix = Matrix.until(world, BOUND, print)
            cells = [cell for at in range(len(victims)) for cell in struck(matrix, victims, found, at)]
    finally:
        unmount(tmp_path)
    assert len(cells) == len(found)
    assert [(cell.victim, cell.boundary, cell.problems) for cell in cells if cell.problems] == []


def struck(matrix: Matrix, victims: list[Victim], found: list[tuple[str, str]], at: int) -> list[Cell]:
    return matrix.wave(victims[at], found[at :: len(victims)])
