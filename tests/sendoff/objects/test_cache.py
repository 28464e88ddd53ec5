"""Copies on this machine: fetched once, whole or not at all, and gone when nobody wants them."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from sendoff.objects.cache import Cache


def fetch(file: BinaryIO) -> None:
    file.write(b"content")


def test_fetched_once_for_many(tmp_path: Path) -> None:
    """50 that want one copy at once share what one of them fetched."""
    cache, barrier, fetched = Cache(tmp_path), threading.Barrier(50), list[str]()

    def counted(file: BinaryIO) -> None:
        fetched.append("once")
        fetch(file)

    def ask(_: int) -> bytes:
        barrier.wait()
        with cache.open("a", counted) as file:
            return file.read()

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(ask, range(50))) == {b"content"}
    assert fetched == ["once"]


def test_broken_fetch_leaves_nothing(tmp_path: Path) -> None:
    """What was fetched in part is never opened; the next one fetches it whole."""

    def broken(file: BinaryIO) -> None:
        file.write(b"con")
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        Cache(tmp_path).open("a", broken)
    with Cache(tmp_path).open("a", fetch) as file:
        assert file.read() == b"content"
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_unused_copies_go(tmp_path: Path) -> None:
    """A copy that nobody opened for a week makes room for a new one; one that is in use stays."""
    cache = Cache(tmp_path)
    for name in ("old", "used"):
        cache.open(name, fetch).close()
        os.utime(tmp_path / name, (1, 1))
    cache.open("used", fetch).close()
    cache.open("new", fetch).close()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["new", "used"]
