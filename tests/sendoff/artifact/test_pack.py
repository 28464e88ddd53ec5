"""Deterministic tars and deltas, unpacked by real tars."""

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.artifact.manifest import Entry, Manifest
from sendoff.artifact.pack import changed, delta, pack, places, removed, tar_size
from sendoff.artifact.scan import scan
from sendoff.errors import StepErrored
from tests.kit.packing import extract

LONG = "/".join(["long" * 20] * 5)


def make(tree: Path, content: dict[str, str | None]) -> Path:
    """Make a tree: a text is a file, `-> x` a link, `!x` a program, None an empty folder."""
    for name, text in content.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.mkdir()
        elif text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_text(text)
            path.chmod(0o755 if text.startswith("!") else 0o644)
    return tree


def packed(tree: Path) -> tuple[Manifest, io.BytesIO]:
    """Pack a tree into memory."""
    manifest, out = scan(tree), io.BytesIO()
    pack(tree, manifest, out)
    return manifest, out


def unpack(tar: bytes, into: Path, how: str) -> None:
    """Unpack with GNU tar in the poorest locale, or with Python."""
    into.mkdir(exist_ok=True)
    if how == "gnu":
        command = ["tar", "-xpf", "-", "-C", str(into)]
        done = subprocess.run(
            command, input=tar, env={**os.environ, "LC_ALL": "C"}, capture_output=True, check=True
        )
        assert done.stderr == b""
    else:
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            extract(archive, into)


HARD = {
    "a": "x",
    "bin/run": "!run",
    "empty": None,
    "link": "-> bin/run",
    f"{LONG}/file": "deep",
    f"{LONG}/link": f"-> ../{'long' * 20}/file",
    "long" * 30: "too long for ustar",
    "größe/日本 語": "unicode",
    ("ü" * 120) + "1": "long and unicode",
    "x" * 99 + "/" + "y" * 100: "fills both fields",
    "spaces and 'quotes'\\n": "q" * 1025,
}


@pytest.mark.parametrize("how", ["gnu", "python"])
def test_round_trip(tmp_path: Path, how: str) -> None:
    """What real tars unpack is what was packed, with long and odd names."""
    manifest, out = packed(make(tmp_path / "tree", HARD))
    unpack(out.getvalue(), tmp_path / "out", how)
    assert scan(tmp_path / "out") == manifest


def test_same_bytes(tmp_path: Path) -> None:
    """The same tree at another time and place gives the same bytes, of the size foretold."""
    manifest, first = packed(make(tmp_path / "one", HARD))
    make(tmp_path / "two", dict(reversed(HARD.items())))
    os.utime(tmp_path / "two/a", (1, 1))
    assert packed(tmp_path / "two")[1].getvalue() == first.getvalue()
    assert tar_size(manifest) == len(first.getvalue())


def test_no_traces(tmp_path: Path) -> None:
    """No time, no owner and no name of an owner is in it."""
    _, out = packed(make(tmp_path / "tree", HARD))
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        told = {(info.mtime, info.uid, info.gid, info.uname, info.gname) for info in archive}
    assert told == {(0, 0, 0, "", "")}


@pytest.mark.parametrize("now", ["longer than before", "s", "same", None])
def test_file_changed_while_packing(tmp_path: Path, now: str | None) -> None:
    """A file that is no longer what was scanned is broken machinery: longer, shorter, other content, gone."""
    (tmp_path / "a").write_text("text")
    manifest = scan(tmp_path)
    (tmp_path / "a").unlink()
    if now:
        (tmp_path / "a").write_text(now)
    with pytest.raises(StepErrored, match="'a': changed while it was packed"):
        pack(tmp_path, manifest, io.BytesIO())


OLD = {
    "same": "same",
    "text": "old",
    "mode": "run",
    "link": "-> same",
    "becomes-folder": "file",
    "becomes-file/x": "x",
    "becomes-link": "file",
    "gone": "gone",
    "gone-folder/a/b": "b",
    "gone-folder/c": "c",
    "emptied/a": "a",
    "filled": None,
    f"{LONG}/same": "s",
    f"{LONG}/text": "old",
}
NEW = {
    "same": "same",
    "text": "new and longer",
    "mode": "!run",
    "link": "-> text",
    "becomes-folder/x": "x",
    "becomes-file": "file",
    "becomes-link": "-> same",
    "emptied": None,
    "filled/a": "a",
    "ünew": "ü",
    f"{LONG}/same": "s",
    f"{LONG}/text": "new",
}


@pytest.mark.parametrize("how", ["gnu", "python"])
def test_delta(tmp_path: Path, how: str) -> None:
    """A copy of the old tree without what is removed, with the delta over it, is the new tree."""
    old, _ = packed(make(tmp_path / "old", OLD))
    new, full = packed(make(tmp_path / "new", NEW | {"mode": "!run"}))
    (tmp_path / "old/mode").write_text("!run")
    old, out = scan(tmp_path / "old"), io.BytesIO()
    delta(new, old, full, out)
    for path in removed(new, old):
        gone = tmp_path / "old" / path
        shutil.rmtree(gone) if gone.is_dir() and not gone.is_symlink() else gone.unlink()
    unpack(out.getvalue(), tmp_path / "old", how)
    assert scan(tmp_path / "old") == new
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        assert "same" not in archive.getnames()
    assert len(out.getvalue()) < len(full.getvalue())


def test_changed_and_removed(tmp_path: Path) -> None:
    """What changed is listed entry by entry; what goes, by its topmost path."""
    new, old = scan(make(tmp_path / "new", NEW)), scan(make(tmp_path / "old", OLD))
    assert {entry.path for entry in changed(new, old)} == set(NEW) - {"same", f"{LONG}/same"}
    assert removed(new, old) == ("becomes-file", "becomes-folder", "emptied/a", "gone", "gone-folder")


def test_damaged_tar(tmp_path: Path) -> None:
    """A tar that does not fit its manifest is told, not copied from."""
    manifest, full = packed(make(tmp_path / "tree", {"a": "x", "b": "y"}))
    broken = io.BytesIO(full.getvalue().replace(b"b\0", b"c\0", 1))
    with pytest.raises(StepErrored, match="no header of 'b' at byte 1024"):
        delta(manifest, Manifest(entries=()), broken, io.BytesIO())
    with pytest.raises(StepErrored, match="ends 512 bytes too early"):
        delta(manifest, Manifest(entries=()), io.BytesIO(full.getvalue()[:512]), io.BytesIO())


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Make manifests without a file below a file."""
    kept: list[str] = []
    for path in draw(st.lists(PATHS, unique=True)):
        if not any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in kept):
            kept.append(path)
    return Manifest(
        entries=tuple(
            Entry(path=path, kind="file", mode=0o644, sha256=draw(st.sampled_from("12")))
            for path in sorted(kept)
        )
    )


@given(manifests(), manifests())
def test_delta_on_paper(new: Manifest, old: Manifest) -> None:
    """Old without the removed, overlaid with the changed, is new, whatever the two are."""
    gone = removed(new, old)
    tree = {
        e.path: e for e in old.entries if not any(e.path == g or e.path.startswith(f"{g}/") for g in gone)
    }
    tree |= {entry.path: entry for entry in changed(new, old)}
    assert tree == {entry.path: entry for entry in new.entries}


def test_places(tmp_path: Path) -> None:
    """The content of each file, also behind a long name, is where its place says."""
    content = {"a": "first", f"{LONG}/b": "second", "c": "-> a", "d": "", "e": None, "f": "!last"}
    manifest, tar = packed(make(tmp_path / "tree", content))
    data, sizes = tar.getvalue(), {entry.path: entry.size for entry in manifest.entries}
    found = {path: data[at : at + sizes[path]].decode() for path, at in places(manifest).items()}
    assert found == {path: text for path, text in content.items() if text is not None and path != "c"}
