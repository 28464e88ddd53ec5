"""A tree as one tar whose every byte follows from the tree: members are found by sums, not by search."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sendoff.artifact.manifest import Entry, Manifest
from sendoff.artifact.scan import CHUNK, location, open_regular
from sendoff.errors import StepErrored

BLOCK = 512
END = bytes(2 * BLOCK)
TYPES = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE}


def pack(tree: Path, manifest: Manifest, out: BinaryIO) -> None:
    """Write the tree as a deterministic tar; StepErrored when a file is no longer what the manifest says."""
    for entry in manifest.entries:
        out.write(header(entry))
        if entry.kind == "file":
            _pack_file(tree, entry, out)
    out.write(END)


def header(entry: Entry) -> bytes:
    """Make the tar header of an entry: plain ustar where it fits (raw UTF-8, alike to all tars), else pax."""
    info = tarfile.TarInfo(entry.path)
    info.type, info.mode, info.size, info.linkname = TYPES[entry.kind], entry.mode, entry.size, entry.target
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
    except ValueError:
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def tar_size(manifest: Manifest) -> int:
    """Tell how large the packed tree is, in bytes, without packing it."""
    return sum(len(header(entry)) + _padded(entry.size) for entry in manifest.entries) + len(END)


def places(manifest: Manifest) -> dict[str, int]:
    """Tell at which byte of the packed tree the content of each file begins."""
    return {
        entry.path: offset + len(head) for entry, head, offset in _members(manifest) if entry.kind == "file"
    }


def delta(new: Manifest, old: Manifest, full: BinaryIO, out: BinaryIO) -> None:
    """Copy from the seekable tar of `new` what is absent from `old` or differs there, as a tar of its own.

    StepErrored when a header of `full` is not the one its manifest calls for.
    """
    wanted = {entry.path for entry in changed(new, old)}
    for entry, head, offset in _members(new):
        if entry.path not in wanted:
            continue
        full.seek(offset)
        if full.read(len(head)) != head:
            raise StepErrored(
                f"artifact {new.digest[:12]}: no header of {entry.path!r} at byte {offset} of its tar, "
                "expected it there; the store is damaged: restore it or build again into a new one"
            )
        out.write(head)
        _copy(full, out, _padded(entry.size), entry.path)
    out.write(END)


def changed(new: Manifest, old: Manifest) -> tuple[Entry, ...]:
    """List the entries of `new` that are absent from `old` or differ there in anything."""
    before = {entry.path: entry for entry in old.entries}
    return tuple(entry for entry in new.entries if before.get(entry.path) != entry)


def removed(new: Manifest, old: Manifest) -> tuple[str, ...]:
    """List what to take out of a copy of `old`, with all below it, before the delta to `new` is unpacked.

    Only the topmost path of what goes is listed. A path is among them too when a folder takes the place of
    something else there, or the other way round.
    """
    before, after = _paths(old), _paths(new)
    gone = {path for path, is_folder in before.items() if after.get(path) is not is_folder}
    return tuple(sorted((path for path in gone if not _parents(path) & gone), key=str.encode))


def _members(manifest: Manifest) -> Iterator[tuple[Entry, bytes, int]]:
    offset = 0
    for entry in manifest.entries:
        head = header(entry)
        yield entry, head, offset
        offset += len(head) + _padded(entry.size)


def _pack_file(tree: Path, entry: Entry, out: BinaryIO) -> None:
    sha256, left = hashlib.sha256(), entry.size
    try:
        with open_regular(location(tree, entry)) as file:
            while chunk := file.read(min(CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                sha256.update(chunk)
                out.write(chunk)
    except FileNotFoundError:
        left = -1
    if left or sha256.hexdigest() != entry.sha256:
        raise StepErrored(
            f"{entry.path!r}: changed while it was packed, expected {entry.size} bytes with SHA-256 "
            f"{entry.sha256[:12]}…; see that nothing writes into the build's output any more, and build again"
        )
    out.write(bytes(_padded(entry.size) - entry.size))


def _copy(source: BinaryIO, out: BinaryIO, length: int, path: str) -> None:
    while length:
        chunk = source.read(min(CHUNK, length))
        if not chunk:
            raise StepErrored(
                f"{path!r}: its tar ends {length} bytes too early; the store is damaged: restore it"
            )
        out.write(chunk)
        length -= len(chunk)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _paths(manifest: Manifest) -> dict[str, bool]:
    """Map every path, with the folders that are only implied, to whether it is a folder."""
    paths = {entry.path: entry.kind == "folder" for entry in manifest.entries}
    for entry in manifest.entries:
        paths.update(dict.fromkeys(_parents(entry.path), True))
    return paths


def _parents(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:end]) for end in range(1, len(parts))}
