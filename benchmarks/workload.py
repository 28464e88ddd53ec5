"""Two versions of an application, built once: as trees, as archives, and as artifacts in a store."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ground import hashes
from benchmarks.tree import make_next, make_tree
from sendoff.artifact.manifest import Artifact
from sendoff.build import Order, Workshop, run_build
from sendoff.spec.models import Build, GitSource
from sendoff.store import ArtifactStore, FolderObjects

APPLICATION = "shop"
NAMES = ("1.0.0", "1.0.1")
BUILD = Build(source=GitSource(git="repository", ref="v{version}"), command=("true",), output="tree")


@dataclass(frozen=True)
class Version:
    """One version. `archives`: path and SHA-256 of tar and tar.gz; `build_seconds`: by Sendoff."""

    name: str
    tree: Path
    archives: Mapping[str, tuple[Path, str]]
    files: Mapping[str, str]
    artifact: Artifact
    build_seconds: float


class Workload:
    """The folder with all that is released from: `catalog` and `home` are Sendoff's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog, self.home = folder / "catalog", folder / "home"
        self.store = self.home / "store"
        self.environ = dict(os.environ)

    def prepare(self) -> tuple[Version, Version]:
        """Make the trees, put them under version control, build both versions."""
        shutil.rmtree(self.folder, ignore_errors=True)
        trees = [self.folder / "trees" / name for name in NAMES]
        make_tree(trees[0])
        make_next(trees[0], trees[1])
        repository = self.catalog / "repository"
        repository.mkdir(parents=True)
        _git(repository, "init", "--quiet", "--template=", ".")
        for name, tree in zip(NAMES, trees, strict=True):
            self._commit(repository, name, tree)
        first, following = (self._version(name, tree) for name, tree in zip(NAMES, trees, strict=True))
        return first, following

    def _commit(self, repository: Path, name: str, tree: Path) -> None:
        shutil.rmtree(repository / "tree", ignore_errors=True)
        shutil.copytree(tree, repository / "tree")
        _git(repository, "add", "--all", ".")
        _git(repository, "commit", "--quiet", "--message", f"Version {name}")
        _git(repository, "tag", f"v{name}")

    def _version(self, name: str, tree: Path) -> Version:
        began = time.monotonic()
        artifact = self._build(name)
        seconds = time.monotonic() - began
        return Version(name, tree, _archives(tree), hashes(tree), artifact, seconds)

    def _build(self, name: str) -> Artifact:
        workshop = Workshop(
            store=ArtifactStore(FolderObjects(self.store)),
            workspace=self.home / "builds",
            cache=self.home / "git",
            environ=self.environ,
            secrets={},
            say=lambda text: None,
            now=lambda: datetime.now(UTC),
            by="bench",
        )
        return run_build(Order(APPLICATION, name, BUILD, self.catalog), workshop)


def _archives(tree: Path) -> dict[str, tuple[Path, str]]:
    plain, packed = (tree.with_name(f"{tree.name}.{end}") for end in ("tar", "tar.gz"))
    subprocess.run(["tar", "--sort=name", "-C", tree, "-cf", plain, "."], check=True)
    with packed.open("wb") as out:
        subprocess.run(["gzip", "-6", "-n", "-c", plain], stdout=out, check=True)
    return {"tar": (plain, _sha256(plain)), "gz": (packed, _sha256(packed))}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _git(repository: Path, *words: str) -> None:
    """Run git apart from this user's settings."""
    person = {f"GIT_{role}_{what}": "bench" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C", **settings, **person}
    subprocess.run(["git", *words], cwd=repository, env=environ, check=True)
