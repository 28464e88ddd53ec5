"""Bytes under keys, written whole and once: the protocol, and a folder that keeps it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from sendoff.errors import PolicyRefused, StepErrored

INCOMING = ".incoming"
ABANDONED_AFTER = 86400


class Objects(Protocol):
    """Where bytes are kept under keys such as `artifacts/<digest>/tree.tar`; what S3 or a folder must do."""

    def put_new(self, key: str, source: BinaryIO) -> bool:
        """Write whole or not at all; False, and nothing written, when the key exists already."""

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start; KeyError when there is none."""

    def has(self, key: str) -> bool:
        """Tell whether there is one."""

    def keys(self, prefix: str) -> Iterator[str]:
        """List the keys under a prefix, sorted."""


class FolderObjects:
    """Objects as files under a folder. A key appears at once and whole, whoever writes or is killed."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def put_new(self, key: str, source: BinaryIO) -> bool:
        """Write beside it, sync, then link into place: of many writers exactly one gets True."""
        path = self._path(key)
        if path.exists():
            return False
        with _broken(f"{self.root}: cannot write {key!r}"), self._incoming() as (temporary, file):
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
        parts = key.split("/")
        if any(part in ("", ".", "..") for part in parts) or parts[0] == INCOMING or not key.isprintable():
            raise PolicyRefused(
                f"{self.root}: {key!r} is no key, expected names joined by '/', without '..', empty ones or "
                f"{INCOMING!r} at the start; choose another name"
            )
        return self.root.joinpath(*parts)

    @contextmanager
    def _incoming(self) -> Iterator[tuple[Path, BinaryIO]]:
        """Give a file that nobody sees; it is gone at the end, or a day after its writer was killed."""
        folder = self.root / INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(number, "wb") as file:
                started = os.fstat(number).st_mtime
                _sweep(folder, started - ABANDONED_AFTER)
                yield Path(name), file
        finally:
            Path(name).unlink(missing_ok=True)

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


def _sweep(folder: Path, before: float) -> None:
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < before:
                path.unlink()
        except FileNotFoundError:
            continue


@contextmanager
def _broken(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = "see to the disk and the rights on it"
        raise StepErrored(f"{what} ({error.strerror}), expected a folder of its own; {advice}") from error
