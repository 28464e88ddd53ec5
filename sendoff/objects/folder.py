"""Objects in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sendoff.errors import StepErrored
from sendoff.objects.incoming import incoming
from sendoff.objects.protocol import INCOMING, parts


class FolderObjects:
    """Objects as files under a folder. A key appears at once and whole, whoever writes or is killed."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def put_new(self, key: str, source: BinaryIO) -> bool:
        """Write beside it, sync, then link into place: of many writers exactly one gets True."""
        path = self._path(key)
        if path.exists():
            return False
        with _broken(f"{self.root}: cannot write {key!r}"), incoming(self.root) as (temporary, file):
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            self._sync(path.parent)
        return True

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start; KeyError when there is none."""
        with _broken(f"{self.root}: cannot read {key!r}"):
            try:
                return self._path(key).open("rb")
            except FileNotFoundError:
                raise KeyError(key) from None

    def has(self, key: str) -> bool:
        """Tell whether there is one."""
        return self._path(key).is_file()

    def keys(self, prefix: str) -> Iterator[str]:
        """List the keys that start with the prefix, sorted."""
        paths = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        found = (path.as_posix() for path in paths if path.parts[0] != INCOMING)
        return iter(sorted(key for key in found if key.startswith(prefix)))

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*parts(str(self.root), key))

    def _sync(self, folder: Path) -> None:
        """Make a new name last through a power cut: its folder and those above, which may be new too."""
        for each in (folder, *folder.parents):
            number = os.open(each, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)
            if each == self.root:
                break


@contextmanager
def _broken(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = "see to the disk and the rights on it"
        raise StepErrored(f"{what} ({error.strerror}), expected a folder of its own; {advice}") from error
