"""What is not struck any more when the time is nearly over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.cell import Cell
from tests.chaos.matrix import NOT_TRIED, Matrix
from tests.chaos.victims import VICTIMS, Victim
from tests.chaos.world import World


class Begun(Exception):
    """It would have been struck."""


@pytest.mark.parametrize("kind", VICTIMS)
@pytest.mark.parametrize(("spare", "is_tried"), [(-5.0, False), (60.0, True)])
def test_none_begins_that_may_not_be_over_in_time(
    kind: type[Victim], spare: float, is_tried: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is when all is over, not when the last begins."""

    def prepare(*_: Any) -> None:
        raise Begun

    monkeypatch.setattr(kind, "prepare", prepare)
    world: Any = object.__new__(World)  # nothing of it is touched
    cell = Cell(world, "release", "switch: recorded", kind.name)
    matrix = Matrix.until(world, kind.lasts + spare, print)
    if is_tried:
        with pytest.raises(Begun):
            matrix._together(kind(), [cell])
    else:
        matrix._together(kind(), [cell])
    assert cell.problems == ([] if is_tried else [NOT_TRIED])
