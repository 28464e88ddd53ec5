"""Copies on this machine of large objects that lie elsewhere."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sendoff.objects.incoming import incoming, sweep

UNUSED_FOR = 7 * 86400


class Cache:
    """Files under names that mean one content for ever; what nobody opened for a week is removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._lock = threading.Lock()

    def open(self, name: str, fetch: Callable[[BinaryIO], None]) -> BinaryIO:
        """Open the file of that name, fetched first where there is none; many who ask at once share one."""
        path = self.folder / name
        with self._lock:
            try:
                os.utime(path)
            except FileNotFoundError:
                self._fetch(path, fetch)
            return path.open("rb")

    def _fetch(self, path: Path, fetch: Callable[[BinaryIO], None]) -> None:
        with incoming(self.folder) as (temporary, file):
            sweep(self.folder, os.fstat(file.fileno()).st_mtime - UNUSED_FOR)
            fetch(file)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
