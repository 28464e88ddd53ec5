"""The content of an artifact's files, out of its packed tree, for many who ask at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from sendoff.artifact.manifest import Entry
from sendoff.artifact.pack import places
from sendoff.errors import StepErrored
from sendoff.objects.s3.upload import Body, spooled
from sendoff.store import ArtifactStore


class Content:
    """Opens the tree when it is first asked; a release of which nothing is sent never fetches it."""

    def __init__(self, store: ArtifactStore, digest: str) -> None:
        self._store, self._digest = store, digest
        self._lock = threading.Lock()
        self._tar: BinaryIO | None = None
        self._places: dict[str, int] = {}

    @contextmanager
    def body(self, entry: Entry) -> Iterator[Body]:
        """Read a file whole; StepErrored when it is not what the manifest says."""
        with spooled(_Piece(self, entry)) as body:  # type: ignore[arg-type]  # it is only read from
            if body.sha256 != entry.sha256:
                raise StepErrored(
                    f"artifact {self._digest[:12]}: {entry.path!r} has SHA-256 {body.sha256}, expected "
                    f"{entry.sha256}; the store is damaged: restore it or build again into a new one"
                )
            yield body

    def read(self, path: str, start: int, size: int) -> bytes:
        """Read some bytes of a file."""
        with self._lock:
            if self._tar is None:
                self._tar = self._store.open_tree(self._digest)
                self._places = places(self._store.manifest(self._digest))
            self._tar.seek(self._places[path] + start)
            return self._tar.read(size)

    def close(self) -> None:
        """Close the tree."""
        with self._lock:
            if self._tar is not None:
                self._tar.close()
            self._tar = None


class _Piece:
    """A file within the tree, read from its start to its end."""

    def __init__(self, content: Content, entry: Entry) -> None:
        self._content, self._entry, self._at = content, entry, 0

    def read(self, size: int) -> bytes:
        found = self._content.read(self._entry.path, self._at, min(size, self._entry.size - self._at))
        self._at += len(found)
        return found
