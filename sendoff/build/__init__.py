"""Building a version once: a clean source, a clean environment, one command, and its output in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sendoff.artifact.manifest import Artifact
from sendoff.build.command import admitted, clean, run_command
from sendoff.build.order import Order, Workshop
from sendoff.build.source import fetch_source, source_commit
from sendoff.errors import BuildFailed, PolicyRefused
from sendoff.masking import Masker
from sendoff.scratch import Scratch

__all__ = ["BUILDS", "Order", "Workshop", "run_build", "source_commit"]

BUILDS = "build-"  # how the folders in a workspace begin


def run_build(order: Order, workshop: Workshop) -> Artifact:
    """Build a version, or find that it was built already from the same commit.

    BuildFailed: something is missing, or the command or its output is no good. PolicyRefused: the version
    exists with another commit or other content.
    """
    order = replace(order, commit=source_commit(order, workshop))
    if existing := _built_already(order, workshop):
        return existing
    masker = Masker(workshop.secrets.values())
    variables = admitted(order, workshop)
    with _folder(workshop.workspace) as folder:
        tree, home = folder / "source", folder / "home"
        home.mkdir()
        fetch_source(order, workshop, tree)
        run_command(order, tree, {**clean(order, workshop, home), **variables}, workshop.say, masker)
        artifact = workshop.store.add(
            _output(order, tree),
            order.application,
            order.version,
            commit=order.commit,
            built_at=workshop.now(),
            built_by=workshop.by,
        )
    workshop.say(f"{order}: stored as {artifact.digest[:12]}, {artifact.files} files, {artifact.size} bytes")
    return artifact


def _built_already(order: Order, workshop: Workshop) -> Artifact | None:
    existing = workshop.store.find(order.application, order.version)
    if existing is None or existing.commit is None or order.commit is None:
        return None
    if existing.commit.sha != order.commit.sha:
        raise PolicyRefused(
            f"{order}: was built from commit {existing.commit.sha[:12]} already and now means "
            f"{order.commit.sha[:12]}; a version means one content for ever: give this one a new version"
        )
    workshop.say(f"{order}: was built already, from commit {order.commit.sha[:12]}; nothing to do")
    return existing


@contextmanager
def _folder(workspace: Path) -> Iterator[Path]:
    """Give a folder to build in, and remove it whatever happens, however the build has locked it up."""
    scratch = Scratch(workspace, BUILDS)
    try:
        yield scratch.path
    finally:
        scratch.remove()


def _output(order: Order, tree: Path) -> Path:
    output = tree / order.build.output
    if not output.is_dir() or not output.resolve().is_relative_to(tree.resolve()):
        raise BuildFailed(
            f"{order}: left no folder {order.build.output!r}, expected its result there; "
            "see `build.output` and what the command writes"
        )
    return output
