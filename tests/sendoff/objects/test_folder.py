"""Objects in a folder: nothing is left of a writer that was killed."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sendoff.errors import StepErrored
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


def test_no_room(tmp_path: Path) -> None:
    """A folder that cannot be written is broken machinery, told with the key."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StepErrored, match="cannot write 'a'"):
        FolderObjects(tmp_path / "file").put_new("a", io.BytesIO(b"x"))
