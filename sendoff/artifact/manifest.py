"""The manifest of an artifact: every path in it, and the digest that names the whole."""

from __future__ import annotations

from typing import Literal

from sendoff.model import Frozen, digest


class Entry(Frozen):
    """One path. A file has size (bytes) and SHA-256, a link its target; a folder is listed if it is empty."""

    path: str
    kind: Literal["file", "link", "folder"]
    mode: Literal[0o644, 0o755, 0o777]
    size: int = 0
    sha256: str = ""
    target: str = ""


class Manifest(Frozen):
    """The content of an artifact, sorted by path (as UTF-8 bytes). No times, no owners."""

    entries: tuple[Entry, ...]

    @property
    def digest(self) -> str:
        """Name the artifact by its content: 64 hexadecimal digits."""
        return digest(self)

    @property
    def size(self) -> int:
        """Add up the files, in bytes."""
        return sum(entry.size for entry in self.entries)

    @property
    def files(self) -> int:
        """Count the files; links and folders are not among them."""
        return sum(entry.kind == "file" for entry in self.entries)


class Commit(Frozen):
    """A git commit, as told in reports."""

    sha: str
    author: str
    at: str
    subject: str


class Artifact(Frozen):
    """The record of a version that was built once: what it holds and where it came from."""

    application: str
    version: str
    digest: str
    size: int
    files: int
    commit: Commit | None = None
    built_at: str
    built_by: str

    @property
    def release_name(self) -> str:
        """Name its folder on a host: the version and the start of the digest."""
        return release_name(self.version, self.digest)


def release_name(version: str, artifact_digest: str) -> str:
    """Name a release's folder on a host: same version and content, same name."""
    return f"{version}-{artifact_digest[:12]}"


def version_of(name: str) -> str:
    """Read the version out of a release's folder name."""
    return name.rpartition("-")[0]
