"""The picture, as far as it can be worked out without looking."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.plot import APART, draw, spread
from benchmarks.results import Results, Sample


@given(st.dictionaries(st.text(max_size=3), st.floats(0.01, 1000), max_size=8))
def test_labels_do_not_cover_each_other(wanted: dict[str, float]) -> None:
    """They stay in their order, at least a label's height apart, and never below their own line."""
    placed = spread(wanted)
    heights = [placed[name] for name in sorted(wanted, key=lambda name: wanted[name])]
    assert all(low * APART <= high * 1.000001 for low, high in pairwise(heights))
    assert all(placed[name] >= wanted[name] for name in wanted)


def test_a_label_with_room_stays_where_its_line_ends() -> None:
    """Nothing is moved without need."""
    assert spread({"a": 1.0, "b": 5.0}) == {"a": 1.0, "b": 5.0}


def test_a_picture_is_written(sample: Callable[..., Sample], tmp_path: Path) -> None:
    """One phase and one size are enough."""
    draw(Results([sample("rsync", 1, 1.0), sample("new-tool", 1, 2.0)]), tmp_path / "plot.png", "caption")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
