"""What is built, and where and for whom it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sendoff.artifact.manifest import Commit
from sendoff.errors import BuildFailed
from sendoff.spec.models import Build
from sendoff.spec.placeholders import BadPlaceholder, fill
from sendoff.store import ArtifactStore


@dataclass(frozen=True)
class Workshop:
    """Where and for whom things are built. Each build has a folder of its own in `workspace`, for a while."""

    store: ArtifactStore
    workspace: Path
    cache: Path
    environ: Mapping[str, str]
    secrets: Mapping[str, str]
    say: Callable[[str], None]
    now: Callable[[], datetime]
    by: str


@dataclass(frozen=True)
class Order:
    """What to build: a version of an application; sources are relative to `folder`, the release file's."""

    application: str
    version: str
    build: Build
    folder: Path
    commit: Commit | None = None

    def __str__(self) -> str:
        return f"build of {self.application} {self.version}"

    @property
    def words(self) -> dict[str, str]:
        """Give the placeholders that commands and references may hold."""
        return {"version": self.version} | ({"commit": self.commit.sha} if self.commit else {})

    def filled(self, text: str) -> str:
        """Put the version and the commit in place of their placeholders."""
        try:
            return fill(text, self.words)
        except BadPlaceholder as error:
            raise BuildFailed(f"{self}: {error}; see `build` in the release file") from None
