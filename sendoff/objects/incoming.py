"""Files that nobody sees while they are written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sendoff.objects.protocol import INCOMING

ABANDONED_AFTER = 86400


@contextmanager
def incoming(root: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Give a file to write and then to link or move; gone at the end, or a day after its writer died."""
    folder = root / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(number, "wb") as file:
            sweep(folder, os.fstat(number).st_mtime - ABANDONED_AFTER)
            yield Path(name), file
    finally:
        Path(name).unlink(missing_ok=True)


def sweep(folder: Path, before: float) -> None:
    """Remove the files of a folder that were last written before a time."""
    for path in folder.iterdir():
        try:
            if path.is_file() and path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:
            continue
