"""The page about what came of it: short where all went well, loud where not."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.table import Row, keep, page, read

ROWS = (
    Row("flow", "build: not begun", "Live", 12.34, ()),
    Row("flow", "undo: recorded", "Undone", 20.0, ()),
    Row("clock", "build: not begun", "Refused", 1.0, ()),
    Row("clock", "undo: recorded", "Live", 3.0, ("b: 1 is live, expected 0",)),
)


def test_page() -> None:
    """Seconds alone are an end as without a strike; other right ends are named; what was missed is listed."""
    lines = page(ROWS).splitlines()
    assert "| flow | 2 | 0 | 12.3 | 20.0 |" in lines
    assert "| clock | 2 | 1 | 1.0 | 1.0 |" in lines
    assert "| boundary | flow | clock |" in lines
    assert "| build: not begun | 12.3 | Refused 1.0 |" in lines
    assert "| undo: recorded | 20.0 | **missed** |" in lines
    assert "- clock at `undo: recorded`: b: 1 is live, expected 0" in lines


def test_nothing_missed() -> None:
    """There is no list of what was missed when nothing was."""
    assert "## Missed" not in page(ROWS[:3])


def test_kept(tmp_path: Path) -> None:
    """What was tried again replaces what was kept of it, the rest stays, in the order asked for."""
    file, boundaries = tmp_path / "chaos" / "results.json", ("build: not begun", "undo: recorded")
    keep(file, ROWS, ("clock", "flow"), boundaries)
    again = Row("flow", "build: not begun", "Live", 9.0, ())
    assert keep(file, (again,), ("clock", "flow"), boundaries) == [*ROWS[2:], again, ROWS[1]]
    assert read(file) == [*ROWS[2:], again, ROWS[1]]
