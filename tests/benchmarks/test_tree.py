"""What is released in the benchmark."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest

from benchmarks.ground import hashes
from benchmarks.tree import make_next, make_tree, sizes


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int]:
    folder = tmp_path_factory.mktemp("trees")
    make_tree(folder / "1", files=200, size=2_000_000)
    return folder / "1", folder / "2", make_next(folder / "1", folder / "2")


def test_sizes_are_many_small_and_a_few_large() -> None:
    """They add up to what was asked for, within one in a hundred."""
    drawn = sizes(2000, 60_000_000, random.Random(1))
    assert sum(drawn) == pytest.approx(60_000_000, rel=0.01)
    assert sorted(drawn)[1000] < 60_000_000 / 2000 / 2
    assert min(drawn) >= 1


def test_the_tree_is_the_same_every_time(trees: tuple[Path, Path, int], tmp_path: Path) -> None:
    """Figures of two days are of the same bytes."""
    make_tree(tmp_path / "again", files=200, size=2_000_000)
    assert hashes(tmp_path / "again") == hashes(trees[0])


def test_half_of_the_files_compress(trees: tuple[Path, Path, int]) -> None:
    """Text does, what stands for pictures and libraries does not."""
    text = b"".join(path.read_bytes() for path in trees[0].rglob("*.txt"))
    rest = b"".join(path.read_bytes() for path in trees[0].rglob("*.bin"))
    assert len(zlib.compress(text)) < len(text) / 2
    assert len(zlib.compress(rest)) > len(rest) * 0.99
    assert len(list(trees[0].rglob("*.txt"))) == len(list(trees[0].rglob("*.bin"))) == 100


def test_the_next_version_differs_in_one_file_of_a_hundred(trees: tuple[Path, Path, int]) -> None:
    """One of these is gone, and one is new; all others are the same, times too."""
    old, new = hashes(trees[0]), hashes(trees[1])
    edited = [path for path in old.keys() & new.keys() if old[path] != new[path]]
    assert (len(edited), len(old.keys() - new.keys()), len(new.keys() - old.keys())) == (1, 1, 1)
    assert trees[2] == 3
    same = next(path for path in old if new.get(path) == old[path])
    assert (trees[0] / same).stat().st_mtime == (trees[1] / same).stat().st_mtime
    assert (trees[0] / edited[0]).stat().st_mtime < (trees[1] / edited[0]).stat().st_mtime
