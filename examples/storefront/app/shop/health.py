"""Whether this server can do its work, looked at anew each time."""

from __future__ import annotations

import tempfile
from pathlib import Path

from shop import prices
from shop.tree import Tree


def problems(tree: Tree, data: Path) -> list[str]:
    """Say everything that keeps the shop from selling; nothing when it is healthy."""
    return [*tree.problems(), *prices.problems(tree.root), *_data_problems(data)]


def _data_problems(data: Path) -> list[str]:
    try:
        with tempfile.TemporaryFile(dir=data) as probe:
            probe.write(b"health")
    except OSError as error:
        return [f"data: orders cannot be kept in {str(data)!r}: {error.strerror}"]
    return []
