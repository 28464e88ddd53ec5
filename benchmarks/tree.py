"""What is released: a tree as of a real web application, the same on every machine, and its next version."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

FILES = 2000
SIZE = 60_000_000
SHARE_CHANGED = 0.01
MTIME = 1_700_000_000  # of everything: rsync goes by it
LARGEST = 2_000_000
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def sizes(count: int, total: int, rng: random.Random) -> list[int]:
    """Draw file sizes as they are found in applications: many small ones, a few large ones."""
    drawn = [min(rng.lognormvariate(9.0, 1.6), LARGEST) for _ in range(count)]
    scale = total / sum(drawn)
    return [max(int(each * scale), 1) for each in drawn]


def make_tree(folder: Path, files: int = FILES, size: int = SIZE) -> None:
    """Write the tree: half of the files are text, half do not compress."""
    rng = random.Random(7)
    prose = _prose(rng, 1 << 20)
    for number, length in enumerate(sizes(files, size, rng)):
        path = folder / _path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_text(prose, length, rng) if number % 2 else rng.randbytes(length))
        path.chmod(0o755 if number % 50 == 0 else 0o644)
    _same_time(folder)


def make_next(tree: Path, folder: Path) -> int:
    """Write the next version: one file in a hundred differs; tells how many, with one new and one gone."""
    rng = random.Random(8)
    shutil.copytree(tree, folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    chosen = rng.sample(paths, max(int(len(paths) * SHARE_CHANGED), 2))
    gone, edited = chosen[0], chosen[1:]
    gone.unlink()
    for path in edited:
        content = bytearray(path.read_bytes())
        at = rng.randrange(len(content) + 1)
        content[at:at] = rng.randbytes(24).hex().encode()
        path.write_bytes(content)
    (folder / "release-notes.txt").write_bytes(b"What is new in this version.\n" * 100)
    _same_time(folder)
    for path in (*edited, folder / "release-notes.txt"):
        os.utime(path, (MTIME + 60, MTIME + 60))
    return len(edited) + 2


def _path(number: int) -> Path:
    kind = "txt" if number % 2 else "bin"
    return Path(f"part{number % 12:02}", f"module{number % 96:02}", f"{number:04}.{kind}")


def _prose(rng: random.Random, length: int) -> bytes:
    weights = range(len(LETTERS), 0, -1)
    words = ["".join(rng.choices(LETTERS, weights, k=rng.randint(2, 9))) for _ in range(4000)]
    chosen = rng.choices(words, [1 / rank for rank in range(1, len(words) + 1)], k=length // 4)
    return " ".join(chosen).encode()[:length]


def _text(prose: bytes, length: int, rng: random.Random) -> bytes:
    start = rng.randrange(len(prose))
    return (prose[start:] + prose * (length // len(prose) + 1))[:length]


def _same_time(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (MTIME, MTIME))
