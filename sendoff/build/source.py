"""Where the source comes from: a clean checkout of one commit, or a copy of a folder."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from sendoff.artifact.manifest import Commit
from sendoff.build.order import Order, Workshop
from sendoff.errors import BuildFailed, StepErrored
from sendoff.git import Repository, located
from sendoff.spec.models import FolderSource, GitSource


def source_commit(order: Order, workshop: Workshop) -> Commit | None:
    """Find the commit that the version means in git; None for a folder."""
    source = order.build.source
    if order.commit or isinstance(source, FolderSource):
        return order.commit
    return _repository(source, order, workshop).resolve(order.filled(source.ref))


def fetch_source(order: Order, workshop: Workshop, tree: Path) -> None:
    """Put the source of an order into a folder that does not exist yet."""
    source = order.build.source
    if isinstance(source, FolderSource):
        _copy(order, order.folder / source.folder, tree, workshop.workspace)
    elif order.commit:
        workshop.say(
            f"{order}: commit {order.commit.sha[:12]} by {order.commit.author}: {order.commit.subject}"
        )
        _repository(source, order, workshop).checkout(order.commit, tree)


def _copy(order: Order, source: Path, tree: Path, workspace: Path) -> None:
    def left_out(folder: str, names: list[str]) -> set[str]:
        return {
            name for name in names if name == ".git" or Path(folder, name).absolute() == workspace.absolute()
        }

    if not source.is_dir():
        raise BuildFailed(
            f"{order}: {str(source)!r} is no folder, expected the source; see `build.source.folder`"
        )
    try:
        shutil.copytree(source, tree, symlinks=True, ignore=left_out)
    except shutil.Error as error:
        problems = "".join(f"\n  | {path}: {why}" for path, _, why in error.args[0])
        if os.strerror(errno.ENOSPC) in problems:
            raise StepErrored(
                f"{order}: its source cannot be copied, expected room for it in {str(workspace)!r}; "
                f"see to the disk:{problems}"
            ) from None
        raise BuildFailed(
            f"{order}: its source cannot be copied, expected files to read:{problems}"
        ) from None


def _repository(source: GitSource, order: Order, workshop: Workshop) -> Repository:
    return Repository(located(source.git, order.folder), workshop.cache, workshop.environ)
