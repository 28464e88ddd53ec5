"""The state of the hosts before and after a run: emptied or put back to one release, and looked at."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.farm import FarmHost
from benchmarks.tree import MTIME

LOOKED_AT = 3  # hosts whose every file is hashed after a run
OWN = ".sendoff"


def hashes(tree: Path) -> dict[str, str]:
    """Hash all files of a tree, by path."""
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    return {str(path.relative_to(tree)): _hash(path) for path in files}


def empty(hosts: Sequence[FarmHost]) -> None:
    """Take everything off the hosts, so that the next release is their first."""
    for host in hosts:
        _remove(*host.root.iterdir())
        (host.root / "releases").mkdir()


def put_back(hosts: Sequence[FarmHost], release: str) -> None:
    """Make a release, which lies on the hosts, live and the only one."""
    for host in hosts:
        manifests = host.root / OWN / "manifests"
        others = [*(host.root / "releases").iterdir(), *manifests.iterdir()]
        left = [path for path in host.root.iterdir() if path.name not in ("releases", "shared", OWN)]
        temporary = (host.root / OWN / "tmp").iterdir()
        _remove(*(path for path in others if path.name != release), *left, *temporary)
        (host.root / "current").symlink_to(f"releases/{release}")


def same_times(hosts: Sequence[FarmHost], release: str) -> None:
    """Give a release's files the times they have here: rsync takes what differs in time for different."""
    for host in hosts:
        folder = host.root / "releases" / release
        subprocess.run(["find", folder, "-exec", "touch", "-d", f"@{MTIME}", "{}", "+"], check=True)


def wrong(hosts: Sequence[FarmHost], release: str, wanted: Mapping[str, str]) -> str | None:
    """Tell what is not as it should be after a run: the live release on all hosts, every hash on a few."""
    looked_at = {hosts[0], hosts[len(hosts) // 2], hosts[-1]} if len(hosts) > LOOKED_AT else set(hosts)
    for host in hosts:
        current = host.root / "current"
        if not current.is_symlink() or Path(os.readlink(current)).name != release:
            return f"{host.name}: current is not {release}"
        found = {str(path.relative_to(current)) for path in _files(current)}
        if differing := sorted(found ^ set(wanted)):
            return f"{host.name}: {len(differing)} paths more or less, such as {differing[0]}"
        if host in looked_at:
            bad = next((path for path, sha in wanted.items() if _hash(current / path) != sha), None)
            if bad:
                return f"{host.name}: {bad} is not what was released"
    return None


def _files(folder: Path) -> list[Path]:
    return [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _remove(*paths: Path) -> None:
    if paths:
        subprocess.run(["rm", "-rf", *paths], check=True)
