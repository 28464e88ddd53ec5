"""Reading a folder into a manifest: all in it by path, mode and hash, or all that cannot be released."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from sendoff.artifact.links import fault
from sendoff.artifact.manifest import Entry, Manifest
from sendoff.errors import BuildFailed

CHUNK = 1 << 20
UNPRINTABLE = {"Cc", "Zl", "Zp"}
STRANGE = {
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


class Unfit(Exception):
    """One path that cannot be released, worded for the list of all of them."""


def scan(tree: Path) -> Manifest:
    """Read a folder into its manifest, without following links; BuildFailed gives all problems at once.

    Times, owners, the umask and the order on disk do not enter it; names are read as bytes, so no locale.
    """
    root = os.fsencode(tree)
    entries: list[Entry] = []
    problems: list[str] = []
    for path in _walk(root, b"", problems):
        try:
            entries.append(_entry(root, path))
        except Unfit as problem:
            problems.append(f"{_shown(path)}: {problem}")
        except OSError as error:
            problems.append(
                f"{_shown(path)}: cannot be read ({error.strerror}); let the build's user read it"
            )
    problems += _link_problems(entries)
    if not entries and not problems:
        problems.append(
            f"{tree}: is empty, expected at least one file; see what the build command leaves there"
        )
    if problems:
        raise BuildFailed("\n".join(sorted(problems)))
    return Manifest(entries=tuple(sorted(entries, key=lambda entry: entry.path.encode())))


def location(tree: Path, entry: Entry) -> bytes:
    """Tell where an entry is on disk, whatever the locale."""
    return os.path.join(os.fsencode(tree), entry.path.encode())


def open_regular(path: bytes) -> BinaryIO:
    """Open a file for reading; a link that took its place is an OSError, and a pipe does not block."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _walk(root: bytes, folder: bytes, problems: list[str]) -> Iterator[bytes]:
    try:
        with os.scandir(os.path.join(root, folder)) as found:
            children = [
                (os.path.join(folder, each.name), each.is_dir(follow_symlinks=False)) for each in found
            ]
    except OSError as error:
        where = _shown(folder) if folder else os.fsdecode(root)
        problems.append(
            f"{where}: cannot be listed ({error.strerror}), expected a folder the build's user can read"
        )
        return
    if folder and not children:
        yield folder
    for path, is_folder in children:
        if is_folder:
            yield from _walk(root, path, problems)
        else:
            yield path


def _entry(root: bytes, raw: bytes) -> Entry:
    path = _name(raw, "name")
    full = os.path.join(root, raw)
    status = os.lstat(full)
    if stat.S_ISDIR(status.st_mode):
        return Entry(path=path, kind="folder", mode=0o755)
    if stat.S_ISLNK(status.st_mode):
        return Entry(path=path, kind="link", mode=0o777, target=_name(os.readlink(full), "target"))
    if not stat.S_ISREG(status.st_mode):
        what = STRANGE.get(stat.S_IFMT(status.st_mode), "something unknown")
        raise Unfit(f"is {what}, expected a file, a link or a folder; remove it in the build command")
    mode: Literal[0o755, 0o644] = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    size, sha256 = _hash(full)
    return Entry(path=path, kind="file", mode=mode, size=size, sha256=sha256)


def _name(raw: bytes, word: str) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit(
            f"its {word} is not UTF-8 ({raw!r}), expected UTF-8; rename it in the build command"
        ) from None
    if any(unicodedata.category(char) in UNPRINTABLE for char in text):
        raise Unfit(
            f"its {word} has control characters or line ends, expected none; rename it in the build command"
        )
    return text


def _hash(path: bytes) -> tuple[int, str]:
    size, sha256 = 0, hashlib.sha256()
    with open_regular(path) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            sha256.update(chunk)
    return size, sha256.hexdigest()


def _link_problems(entries: list[Entry]) -> list[str]:
    links = {entry.path: entry.target for entry in entries if entry.kind == "link"}
    faults = {path: fault(path, links) for path in links}
    expected = "expected a relative link that stays inside; link to something in the tree or copy it in"
    return [f"{path!r}: link to {links[path]!r} {said}, {expected}" for path, said in faults.items() if said]


def _shown(path: bytes) -> str:
    return repr(path.decode("utf-8", "backslashreplace"))
