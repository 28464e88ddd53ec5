"""Objects in a folder: whole, once, and nothing visible of a writer that was killed."""

import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sendoff.errors import PolicyRefused, StepErrored
from sendoff.objects import FolderObjects

SLOW_WRITER = """
import sys
from pathlib import Path
from sendoff.objects import FolderObjects

class Slow:
    def read(self, size):
        print("reading", flush=True)
        sys.stdin.readline()
        return b"half"

FolderObjects(Path(sys.argv[1])).put_new("a/b", Slow())
"""


def read(objects: FolderObjects, key: str) -> bytes:
    """Read an object whole."""
    with objects.open(key) as file:
        return file.read()


def test_put_once(tmp_path: Path) -> None:
    """The first to write a key wins; the second is told and changes nothing."""
    objects = FolderObjects(tmp_path)
    assert objects.put_new("a/b.json", io.BytesIO(b"first")) is True
    assert objects.put_new("a/b.json", io.BytesIO(b"second")) is False
    assert read(objects, "a/b.json") == b"first"


def test_missing(tmp_path: Path) -> None:
    """A key that nobody wrote is not there, and neither is a folder of keys."""
    objects = FolderObjects(tmp_path / "not-made-yet")
    assert not objects.has("a")
    assert list(objects.keys("")) == []
    with pytest.raises(KeyError):
        objects.open("a")
    objects.put_new("a/b", io.BytesIO(b""))
    assert not objects.has("a")


def test_keys(tmp_path: Path) -> None:
    """Keys are listed sorted, by prefix, without what is being written."""
    objects = FolderObjects(tmp_path)
    for key in ("v/b", "v/a/c", "w", "v2"):
        objects.put_new(key, io.BytesIO(b""))
    assert list(objects.keys("v/")) == ["v/a/c", "v/b"]
    assert list(objects.keys("")) == ["v/a/c", "v/b", "v2", "w"]


@pytest.mark.parametrize(
    "key", ["", "/etc/x", "../x", "a/../x", "a//b", "a/.", "a\nb", "a\0b", ".incoming/x"]
)
def test_bad_keys(tmp_path: Path, key: str) -> None:
    """A key that is no plain path inside is refused, whatever is asked."""
    objects = FolderObjects(tmp_path / "root")
    for ask in (
        lambda: objects.put_new(key, io.BytesIO(b"x")),
        lambda: objects.open(key),
        lambda: objects.has(key),
    ):
        with pytest.raises(PolicyRefused, match="is no key"):
            ask()
    assert not (tmp_path / "root").exists()


def test_race(tmp_path: Path) -> None:
    """Of 16 that write one key at once, one wins, and what is read is what it wrote."""
    barrier = threading.Barrier(16)

    def write(number: int) -> bool:
        source = io.BytesIO(bytes([number]) * 100_000)
        barrier.wait()
        return FolderObjects(tmp_path).put_new("a/b", source)

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(write, range(16)))
    assert won.count(True) == 1
    assert read(FolderObjects(tmp_path), "a/b") == bytes([won.index(True)]) * 100_000
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_killed_writer(tmp_path: Path) -> None:
    """A writer killed in the middle leaves nothing to be seen, and the next one can write."""
    command = [sys.executable, "-c", SLOW_WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for _ in range(2):
            assert writer.stdout.readline() == b"reading\n"
            writer.stdin.write(b"\n")
            writer.stdin.flush()
        writer.kill()
    objects = FolderObjects(tmp_path)
    assert list(objects.keys("")) == []
    assert not objects.has("a/b")
    assert objects.put_new("a/b", io.BytesIO(b"whole"))
    assert read(objects, "a/b") == b"whole"


def test_leftovers_are_swept(tmp_path: Path) -> None:
    """What a killed writer left is removed after a day; what is being written now is not."""
    folder = tmp_path / ".incoming"
    folder.mkdir()
    (folder / "old").write_text("x")
    (folder / "new").write_text("x")
    os.utime(folder / "old", (1, 1))
    FolderObjects(tmp_path).put_new("a", io.BytesIO(b""))
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_failing_source(tmp_path: Path) -> None:
    """A source that breaks in the middle leaves nothing."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        FolderObjects(tmp_path).put_new("a", Broken())
    assert list((tmp_path / ".incoming").iterdir()) == []
    assert not FolderObjects(tmp_path).has("a")


def test_no_room(tmp_path: Path) -> None:
    """A folder that cannot be written is broken machinery, told with the key."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StepErrored, match="cannot write 'a'"):
        FolderObjects(tmp_path / "file").put_new("a", io.BytesIO(b"x"))
