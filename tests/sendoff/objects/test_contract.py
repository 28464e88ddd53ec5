"""What holds for objects wherever they are kept: whole, once, the same for all."""

from __future__ import annotations

import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sendoff.errors import PolicyRefused
from sendoff.objects import Objects

Kept = Any  # stands in conftest.py, which tests do not import
LARGE = (5 << 20) + 17  # the smallest that goes to S3 in two parts


def read(objects: Objects, key: str) -> bytes:
    """Read an object whole."""
    with objects.open(key) as file:
        return file.read()


def test_put_once(kept: Kept) -> None:
    """The first to write a key wins; the second is told and changes nothing."""
    assert kept.worker().put_new("a/b.json", io.BytesIO(b"first")) is True
    assert kept.worker().put_new("a/b.json", io.BytesIO(b"second")) is False
    assert read(kept.worker(), "a/b.json") == b"first"


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 1, LARGE], ids=["none", "one", "fetched", "parts"])
def test_any_size(kept: Kept, size: int) -> None:
    """Nothing, little and much come back as they were, from a file that can be sought in."""
    content = os.urandom(size)
    assert kept.worker().put_new("a", io.BytesIO(content)) is True
    assert kept.worker().put_new("a", io.BytesIO(content)) is False
    with kept.worker().open("a") as file:
        assert file.seek(0, io.SEEK_END) == size
        file.seek(size // 2)
        assert file.read() == content[size // 2 :]


def test_missing(kept: Kept) -> None:
    """A key that nobody wrote is not there, and neither is a folder of keys."""
    objects = kept.worker()
    assert not objects.has("a")
    assert list(objects.keys("")) == []
    with pytest.raises(KeyError):
        objects.open("a")
    objects.put_new("a/b", io.BytesIO(b""))
    assert not objects.has("a")


def test_keys(kept: Kept) -> None:
    """Keys are listed sorted, by prefix."""
    objects = kept.worker()
    for key in ("v/b", "v/a/c", "w", "v2"):
        objects.put_new(key, io.BytesIO(b""))
    assert list(objects.keys("v/")) == ["v/a/c", "v/b"]
    assert list(objects.keys("")) == ["v/a/c", "v/b", "v2", "w"]


@pytest.mark.parametrize(
    "key", ["", "/etc/x", "../x", "a/../x", "a//b", "a/.", "a\nb", "a\0b", ".incoming/x"]
)
def test_bad_keys(kept: Kept, key: str) -> None:
    """A key that is no plain path inside is refused, whatever is asked."""
    objects = kept.worker()
    for ask in (
        lambda: objects.put_new(key, io.BytesIO(b"x")),
        lambda: objects.open(key),
        lambda: objects.has(key),
    ):
        with pytest.raises(PolicyRefused, match="is no key"):
            ask()
    assert list(objects.keys("")) == []


def test_race(kept: Kept) -> None:
    """Of 16 that write one key at once, one wins, and what all read is what it wrote."""
    barrier = threading.Barrier(16)

    def write(number: int) -> tuple[bool, bytes]:
        objects, source = kept.worker(), io.BytesIO(bytes([number]) * 100_000)
        barrier.wait()
        won = objects.put_new("a/b", source)
        return won, read(objects, "a/b")

    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(write, range(16)))
    won = [each[0] for each in came]
    assert won.count(True) == 1
    assert {each[1] for each in came} == {bytes([won.index(True)]) * 100_000}


def test_race_in_parts(kept: Kept) -> None:
    """16 that write the same large content at once: all read it whole, and at least one has written it.

    Not exactly one: SeaweedFS does not always refuse the later of two that complete at the same moment. Large
    objects are trees, named by their digest, so they never race with other content.
    """
    barrier = threading.Barrier(16)
    content = bytes(range(256)) * (LARGE // 256 + 1)

    def write(_: int) -> tuple[bool, bool]:
        objects = kept.worker()
        barrier.wait()
        won = objects.put_new("a/b", io.BytesIO(content))
        return won, read(objects, "a/b") == content

    with ThreadPoolExecutor(16) as pool:
        came = list(pool.map(write, range(16)))
    assert any(won for won, _ in came)
    assert all(whole for _, whole in came)


def test_failing_source(kept: Kept) -> None:
    """A source that breaks in the middle leaves nothing, and the next one can write."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > LARGE - 100:
                raise RuntimeError("cut")
            return super().read(1 << 20)

    objects = kept.worker()
    with pytest.raises(RuntimeError, match="cut"):
        objects.put_new("a", Broken(bytes(2 * LARGE)))
    assert list(objects.keys("")) == []
    assert objects.put_new("a", io.BytesIO(b"whole"))
    assert read(objects, "a") == b"whole"
