"""What keeps objects has to do, and what a key is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from sendoff.errors import PolicyRefused

INCOMING = ".incoming"


class Objects(Protocol):
    """Where bytes are kept under keys such as `artifacts/<digest>/tree.tar`; what S3 or a folder must do."""

    def put_new(self, key: str, source: BinaryIO) -> bool:
        """Write whole or not at all; False, and nothing written, when the key exists already."""

    def open(self, key: str) -> BinaryIO:
        """Open for reading from the start, seekable; KeyError when there is none."""

    def has(self, key: str) -> bool:
        """Tell whether there is one."""

    def keys(self, prefix: str) -> Iterator[str]:
        """List the keys under a prefix, sorted."""


def parts(where: str, key: str) -> list[str]:
    """Split a key at its slashes; PolicyRefused when it would not be a plain path inside of a folder."""
    found = key.split("/")
    if any(part in ("", ".", "..") for part in found) or found[0] == INCOMING or not key.isprintable():
        raise PolicyRefused(
            f"{where}: {key!r} is no key, expected names joined by '/', without '..', empty ones or "
            f"{INCOMING!r} at the start; choose another name"
        )
    return found
