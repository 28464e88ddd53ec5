"""Processes, as the kernel shows them: whose they are, and what is left of what should be gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.kit.runs import told


def tree(root: int) -> list[int]:
    """List a process and all that descend from it, parents first; so do copies from their worker."""
    parents = {pid: _maker_for(pid) or int(fields[1]) for pid, fields in _alive()}
    found = [root]
    for parent in found:
        found += [pid for pid, each in parents.items() if each == parent]
    return found


def called(pid: int) -> str:
    """Give the name of its program; none when it has gone."""
    return told(Path(f"/proc/{pid}/comm")).strip()


def _maker_for(pid: int) -> int | None:
    """Tell for which worker a process makes copies, if it does."""
    *_, module, _, worker = ["", "", "", *_words(pid, "cmdline")][:-1]
    return int(worker) if module == "deployments.process.preloaded" else None


def in_folder(folder: Path) -> list[str]:
    """Tell of the processes that work in a folder or name something in it."""
    found = []
    for pid, _ in _alive():
        words = _words(pid, "cmdline")
        with suppress(OSError):
            where = str(Path(f"/proc/{pid}/cwd").readlink())
            if where.startswith(str(folder)) or any(word.startswith(str(folder)) for word in words):
                found.append(f"{pid} in {where}: {' '.join(words)[-80:]}")
    return found


def _alive() -> Iterator[tuple[int, list[str]]]:
    """Go through the fields of all that have not ended, whether or not anybody has noticed that."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                yield int(stat.parent.name), fields


def _words(pid: int, file: str) -> list[str]:
    return told(Path(f"/proc/{pid}/{file}")).split("\0")
