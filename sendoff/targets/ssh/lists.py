"""What a host is told about a release, so that it can check all of it in a few passes; sent in the tar."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from sendoff.artifact.manifest import Manifest
from sendoff.artifact.pack import changed, removed
from sendoff.errors import PolicyRefused


class Heads:
    """What goes before the tar of a release: written once, for all hosts of a fleet are told the same."""

    def __init__(self, shared: Sequence[str]) -> None:
        self.shared = tuple(shared)
        self._lock = threading.Lock()
        self._written: dict[tuple[str, str | None], bytes] = {}

    def full(self, digest: str, manifest: Manifest) -> bytes:
        """Write what goes before the whole tree."""
        return self._once(digest, None, lambda: lists(manifest, self.shared))

    def delta(self, digest: str, manifest: Manifest, base_digest: str, base: Manifest) -> bytes:
        """Write what goes before the way from another tree to this one."""
        return self._once(
            digest, base_digest, lambda: {**lists(manifest, self.shared), "stale": stale(manifest, base)}
        )

    def _once(self, digest: str, base: str | None, write: Callable[[], dict[str, bytes]]) -> bytes:
        with self._lock:
            if (digest, base) not in self._written:
                self._written[digest, base] = as_members(f".sendoff-{digest}", write())
            return self._written[digest, base]


def lists(manifest: Manifest, shared: Sequence[str]) -> dict[str, bytes]:
    """Write the lists that the scripts read, by name; paths are ended by NUL and start with `./`."""
    of = {
        kind: [entry for entry in manifest.entries if entry.kind == kind]
        for kind in ("file", "link", "folder")
    }
    folders = _folders(manifest)
    every = {entry.path for entry in manifest.entries} | folders
    return {
        "digest": manifest.digest.encode() + b"\n",
        "files": _paths(entry.path for entry in of["file"]),
        "hashes": _lines(entry.sha256 for entry in of["file"]),
        "executables": _paths(entry.path for entry in of["file"] if entry.mode == 0o755),
        "links": _paths(entry.path for entry in of["link"]),
        "targets": _lines(entry.target for entry in of["link"]),
        "folders": _paths(entry.path for entry in of["folder"]),
        "all": b".\0" + _paths(sorted(every)),
        "counts": b"%d %d %d\n" % (len(every) + 1, len(folders) + 1, len(of["link"])),
        "shared": _paths(shared),
        "made": _paths(_missing_parents(shared, folders)),
    }


def stale(new: Manifest, old: Manifest) -> bytes:
    """List what a copy of `old` has to lose before what is new in `new` is put in its place."""
    before = {entry.path for entry in old.entries}
    differing = (entry.path for entry in changed(new, old) if entry.path in before)
    return _paths(dict.fromkeys((*removed(new, old), *differing)))


def as_members(folder: str, contents: Mapping[str, bytes]) -> bytes:
    """Write files as the first members of a tar: another tar may follow at once."""
    return b"".join(_member(f"{folder}/{name}", data) for name, data in contents.items())


def see_shared(name: str, manifest: Manifest, shared: Sequence[str]) -> None:
    """Refuse shared paths that the artifact holds something at, or that lie within each other."""
    paths = {entry.path for entry in manifest.entries}
    for path in shared:
        clash = next((each for each in (path, *_parents(path)) if each in paths), None)
        if path in _folders(manifest) or clash:
            raise PolicyRefused(
                f"{name}: shared path {path!r} is in the artifact too ({clash or path!r}), expected it in "
                "one of them; leave it out of the build's output or out of `shared`"
            )
        if set(_parents(path)) & set(shared):
            raise PolicyRefused(f"{name}: shared path {path!r} lies in another one; name only the outer one")


def _folders(manifest: Manifest) -> set[str]:
    listed = {entry.path for entry in manifest.entries if entry.kind == "folder"}
    return listed.union(*(_parents(entry.path) for entry in manifest.entries))


def _missing_parents(shared: Sequence[str], folders: set[str]) -> list[str]:
    parents = {parent for path in shared for parent in _parents(path)} - folders
    return sorted(parents, key=lambda path: (-path.count("/"), path))


def _parents(path: str) -> tuple[str, ...]:
    parts = path.split("/")
    return tuple("/".join(parts[:end]) for end in range(1, len(parts)))


def _paths(paths: Iterable[str]) -> bytes:
    return b"".join(b"./%s\0" % path.encode() for path in paths)


def _lines(lines: Iterable[str]) -> bytes:
    return b"".join(b"%s\n" % line.encode() for line in lines)


def _member(path: str, data: bytes) -> bytes:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), 0o644
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % tarfile.BLOCKSIZE)
