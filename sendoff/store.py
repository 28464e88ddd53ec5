"""The artifact store: artifacts on top of objects under keys, each stored once."""

from __future__ import annotations

import io
import re
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

from pydantic import ValidationError

from sendoff.artifact import pack
from sendoff.artifact.manifest import Artifact, Commit, Manifest
from sendoff.artifact.scan import scan
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.model import Frozen, canonical
from sendoff.objects import FolderObjects, Objects
from sendoff.scratch import Scratch

__all__ = ["ArtifactStore", "Delta", "FolderObjects", "Objects"]

Parsed = TypeVar("Parsed", bound=Frozen)
DIGEST = re.compile(r"[0-9a-f]{64}")
DELTAS = "sendoff-deltas-"  # how the folders with deltas begin, among those of the machine for a while


class Delta(Frozen):
    """The way from one tree to another. Sizes in bytes; `path` is a tar that lasts until the store is closed.

    In a copy of the old tree, take away each of `removed` with all below it, then unpack the tar over it.
    """

    path: Path
    size: int
    full_size: int
    changed: int
    removed: tuple[str, ...]


class ArtifactStore:
    """Artifacts by digest, and the one artifact that each version of an application means for ever."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._lock = threading.RLock()
        self._manifests: dict[str, Manifest] = {}
        self._tar_sizes: dict[str, int] = {}
        self._deltas: dict[tuple[str, str], Delta] = {}
        self._folder: Scratch | None = None

    def add(
        self,
        tree: Path,
        application: str,
        version: str,
        *,
        commit: Commit | None,
        built_at: datetime,
        built_by: str,
    ) -> Artifact:
        """Store a tree as a version. The same content gives the first record; other content is refused."""
        manifest = scan(tree)
        artifact = Artifact(
            application=application,
            version=version,
            digest=manifest.digest,
            size=manifest.size,
            files=manifest.files,
            commit=commit,
            built_at=built_at.isoformat(),
            built_by=built_by,
        )
        if existing := self.find(application, version):
            return _same(existing, artifact)
        self._put_tree(tree, manifest)
        if self.objects.put_new(_version_key(application, version), io.BytesIO(canonical(artifact))):
            return artifact
        return _same(self._record(_version_key(application, version)), artifact)

    def find(self, application: str, version: str) -> Artifact | None:
        """Find what a version is; None when it was never built."""
        key = _version_key(application, version)
        return self._record(key) if self.objects.has(key) else None

    def has_manifest(self, digest: str) -> bool:
        """Tell whether the artifact is here, whole."""
        return DIGEST.fullmatch(digest) is not None and self.objects.has(_manifest_key(digest))

    def manifest(self, digest: str) -> Manifest:
        """Read what an artifact holds, and that it is what its digest says; StepErrored when it is not."""
        with self._lock:
            if digest not in self._manifests:
                self._manifests[digest] = self._read_manifest(digest)
            return self._manifests[digest]

    def open_tree(self, digest: str) -> BinaryIO:
        """Open the whole tree as a tar, seekable, at its start."""
        expected, tar = self._tar_size(digest), self._open(_tree_key(digest))
        if (size := tar.seek(0, io.SEEK_END)) != expected:
            tar.close()
            raise _damaged(_tree_key(digest), f"has {size} bytes, expected {expected}")
        tar.seek(0)
        return tar

    def delta_file(self, new_digest: str, old_digest: str) -> Delta:
        """Make the delta between two artifacts, once for all who ask for it; it lasts until `close`."""
        pair = (new_digest, old_digest)
        with self._lock:
            if pair not in self._deltas:
                self._deltas[pair] = self._make_delta(self.manifest(new_digest), self.manifest(old_digest))
            return self._deltas[pair]

    def close(self) -> None:
        """Remove the deltas made so far."""
        with self._lock:
            self._deltas.clear()
            if self._folder:
                self._folder.remove()
            self._folder = None

    def _put_tree(self, tree: Path, manifest: Manifest) -> None:
        """Store the content; the manifest comes last, so that what has one is whole."""
        if self.has_manifest(manifest.digest):
            return
        with _room("pack an artifact"), tempfile.TemporaryFile() as tar:
            pack.pack(tree, manifest, tar)
            tar.seek(0)
            self.objects.put_new(_tree_key(manifest.digest), tar)
        self.objects.put_new(_manifest_key(manifest.digest), io.BytesIO(canonical(manifest)))

    def _read_manifest(self, digest: str) -> Manifest:
        key = _manifest_key(digest)
        with self._open(key) as file:
            manifest = _parsed(Manifest, key, file.read())
        if manifest.digest != digest:
            raise _damaged(key, f"holds the manifest of {manifest.digest}, expected that of its own name")
        return manifest

    def _record(self, key: str) -> Artifact:
        with self._open(key) as file:
            return _parsed(Artifact, key, file.read())

    def _open(self, key: str) -> BinaryIO:
        try:
            return self.objects.open(key)
        except KeyError:
            raise _damaged(key, "is not there, expected it from the build") from None

    def _make_delta(self, new: Manifest, old: Manifest) -> Delta:
        with _room("write a delta"):
            number, name = tempfile.mkstemp(dir=self._delta_folder(), suffix=".tar")
            with open(number, "wb") as out, self.open_tree(new.digest) as full:
                pack.delta(new, old, full, out)
        return Delta(
            path=Path(name),
            size=Path(name).stat().st_size,
            full_size=self._tar_size(new.digest),
            changed=len(pack.changed(new, old)),
            removed=pack.removed(new, old),
        )

    def _tar_size(self, digest: str) -> int:
        """Tell how large a packed tree is; worked out once, for each host asks again."""
        with self._lock:
            if digest not in self._tar_sizes:
                self._tar_sizes[digest] = pack.tar_size(self.manifest(digest))
            return self._tar_sizes[digest]

    def _delta_folder(self) -> Path:
        if self._folder is None:
            self._folder = Scratch(Path(tempfile.gettempdir()), DELTAS)
            weakref.finalize(self, self._folder.remove)
        return self._folder.path


@contextmanager
def _room(what: str) -> Iterator[None]:
    """Map what goes wrong with temporary files: a disk that is full may have room later."""
    try:
        yield
    except OSError as error:
        folder = tempfile.gettempdir()
        raise StepErrored(
            f"{folder}: cannot {what} ({error.strerror}), expected room for it there; see to the disk"
        ) from error


def _version_key(application: str, version: str) -> str:
    return f"versions/{application}/{version}.json"


def _manifest_key(digest: str) -> str:
    return f"artifacts/{digest}/manifest.json"


def _tree_key(digest: str) -> str:
    return f"artifacts/{digest}/tree.tar"


def _same(existing: Artifact, asked: Artifact) -> Artifact:
    if existing.digest == asked.digest:
        return existing
    raise PolicyRefused(
        f"{asked.application} {asked.version}: has digest {existing.digest} in the store, and what was built "
        f"now has {asked.digest}; a version means one content for ever: give this one a new version"
    )


def _parsed(kind: type[Parsed], key: str, body: bytes) -> Parsed:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _damaged(
            key, f"is not readable ({error.error_count()} problems), expected what was written"
        ) from None


def _damaged(key: str, what: str) -> StepErrored:
    return StepErrored(f"artifact store: {key} {what}; the store is damaged: restore it or build anew")
