"""Artifacts in the store: one content a version, whole or damaged, deltas made once."""

import errno
import os
import shutil
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sendoff.artifact import pack
from sendoff.artifact.manifest import Artifact, Commit, Manifest
from sendoff.artifact.scan import scan
from sendoff.errors import PolicyRefused, StepErrored
from sendoff.store import ArtifactStore
from tests.kit.packing import extract

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
COMMIT = Commit(sha="a" * 40, author="Ada", at="2026-01-01T00:00:00+00:00", subject="Add")


Kept = Any  # stands in conftest.py, which tests do not import


@pytest.fixture
def store(kept: Kept) -> Iterator[ArtifactStore]:
    """Give a store, in a folder and in S3."""
    store = ArtifactStore(kept.worker())
    yield store
    store.close()


def tree(folder: Path, **files: str) -> Path:
    """Write a tree anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def add(store: ArtifactStore, tree: Path, version: str = "1", by: str = "ada") -> Artifact:
    """Add a tree as a version of one application."""
    return store.add(tree, "shop", version, commit=COMMIT, built_at=AT, built_by=by)


def test_add_and_find(store: ArtifactStore, tmp_path: Path) -> None:
    """What was added is found, with where it came from, by this and any later store."""
    added = add(store, tree(tmp_path / "t", a="x", b="yy"))
    assert (added.size, added.files, added.commit, added.built_at) == (
        3,
        2,
        COMMIT,
        "2026-01-02T03:04:00+00:00",
    )
    assert store.find("shop", "1") == added
    assert ArtifactStore(store.objects).manifest(added.digest) == scan(tmp_path / "t")
    assert store.has_manifest(added.digest)


def test_unknown(store: ArtifactStore) -> None:
    """A version or digest that was never built is not there; to open it is an error that says so."""
    assert store.find("shop", "1") is None
    assert not store.has_manifest("0" * 64)
    assert not store.has_manifest("../../x")
    with pytest.raises(StepErrored, match="is not there"):
        store.manifest("0" * 64)


def test_tree(store: ArtifactStore, tmp_path: Path) -> None:
    """The stored tree unpacks to what was added, from a file that can be sought in."""
    added = add(store, tree(tmp_path / "t", a="x"))
    with store.open_tree(added.digest) as file:
        assert file.seekable()
        with tarfile.open(fileobj=file) as archive:
            extract(archive, tmp_path / "out")
    assert scan(tmp_path / "out").digest == added.digest


def test_workers_share(kept: Kept, tmp_path: Path) -> None:
    """What one worker built another one finds, opens and makes a delta from, also when it is large."""
    old = add(ArtifactStore(kept.worker()), tree(tmp_path / "t", same="z" * (6 << 20)), "1")
    new = add(ArtifactStore(kept.worker()), tree(tmp_path / "t", same="z" * (6 << 20), added="y"), "2")
    other = ArtifactStore(kept.worker())
    assert (other.find("shop", "1"), other.find("shop", "2")) == (old, new)
    with tarfile.open(other.delta_file(new.digest, old.digest).path) as archive:
        assert archive.getnames() == ["added"]
    with other.open_tree(old.digest) as file, tarfile.open(fileobj=file) as archive:
        assert archive.getmember("same").size == 6 << 20
    other.close()


def test_written_again_after_a_break(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that broke off between tree and manifest is no artifact, and the next one completes it."""
    broken = ArtifactStore(kept.worker())
    real = broken.objects.put_new

    def cut(key: str, source: Any) -> bool:
        if key.endswith("manifest.json"):
            raise StepErrored("cut")
        return real(key, source)

    monkeypatch.setattr(broken.objects, "put_new", cut)
    with pytest.raises(StepErrored, match="cut"):
        add(broken, tree(tmp_path / "t", a="x"))
    next_one = ArtifactStore(kept.worker())
    assert next_one.find("shop", "1") is None
    added = add(next_one, tmp_path / "t")
    assert ArtifactStore(kept.worker()).manifest(added.digest) == scan(tmp_path / "t")


def test_same_again(store: ArtifactStore, tmp_path: Path) -> None:
    """The same content again gives the first record, unchanged."""
    first = add(store, tree(tmp_path / "t", a="x"), by="ada")
    assert add(store, tree(tmp_path / "t", a="x"), by="bob") == first


def test_other_content(store: ArtifactStore, tmp_path: Path) -> None:
    """Other content for a version that exists is refused, with both digests and what to do."""
    first = add(store, tree(tmp_path / "t", a="x"))
    other = scan(tree(tmp_path / "t", a="y")).digest
    with pytest.raises(PolicyRefused) as caught:
        add(store, tmp_path / "t")
    assert all(
        word in str(caught.value) for word in (first.digest, other, "for ever", "give this one a new version")
    )
    assert store.find("shop", "1") == first
    assert not store.has_manifest(other)


def test_race_of_contents(kept: Kept, tmp_path: Path) -> None:
    """Of many that build one version with different content at once, one wins and all others are refused."""
    trees = [tree(tmp_path / f"t{number}", a=str(number)) for number in range(8)]
    barrier = threading.Barrier(8)

    def build(folder: Path) -> str | None:
        store = ArtifactStore(kept.worker())
        barrier.wait()
        try:
            return add(store, folder).digest
        except PolicyRefused:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [digest for digest in pool.map(build, trees) if digest]
    found = ArtifactStore(kept.worker()).find("shop", "1")
    assert found is not None
    assert won == [found.digest]


def test_stored_once(store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of one content share one stored tree."""
    packed: list[str] = []
    real = pack.pack
    monkeypatch.setattr(pack, "pack", lambda *given: (packed.append("once"), real(*given)))
    digests = {add(store, tree(tmp_path / "t", a="x"), version).digest for version in ("1", "2")}
    assert len(digests) == 1
    assert packed == ["once"]
    assert len(list(store.objects.keys("artifacts/"))) == 2


@pytest.mark.parametrize("body", ["{}", "", '{"entries":[]}', "\xff"])
def test_damaged_manifest(store: ArtifactStore, kept: Kept, tmp_path: Path, body: str) -> None:
    """A manifest that is not what its name says is told as damage."""
    digest = add(store, tree(tmp_path / "t", a="x")).digest
    kept.overwrite(f"artifacts/{digest}/manifest.json", body.encode("latin-1"))
    with pytest.raises(StepErrored, match="the store is damaged: restore it"):
        ArtifactStore(store.objects).manifest(digest)


def test_damaged_tree(store: ArtifactStore, kept: Kept, tmp_path: Path) -> None:
    """A tree that was cut short is told as damage before anything of it is used."""
    digest = add(store, tree(tmp_path / "t", a="x")).digest
    kept.overwrite(f"artifacts/{digest}/tree.tar", bytes(600))
    with pytest.raises(StepErrored, match="has 600 bytes, expected 2048"):
        store.open_tree(digest)


def test_damaged_record(store: ArtifactStore, kept: Kept, tmp_path: Path) -> None:
    """A version's record that cannot be read is told as damage."""
    add(store, tree(tmp_path / "t", a="x"))
    kept.overwrite("versions/shop/1.json", b"{")
    with pytest.raises(StepErrored, match=r"versions/shop/1\.json is not readable"):
        store.find("shop", "1")


def test_delta(store: ArtifactStore, tmp_path: Path) -> None:
    """A delta tells what it changes and removes, and is a tar of just that, gone when the store is closed."""
    old = add(store, tree(tmp_path / "t", a="x", gone="y", same="z"), "1")
    new = add(store, tree(tmp_path / "t", a="xx", added="y", same="z"), "2")
    delta = store.delta_file(new.digest, old.digest)
    with tarfile.open(delta.path) as archive:
        assert archive.getnames() == ["a", "added"]
    with store.open_tree(new.digest) as full:
        assert delta.full_size == len(full.read())
    assert (delta.size, delta.changed, delta.removed) == (delta.path.stat().st_size, 2, ("gone",))
    store.close()
    assert not delta.path.exists()
    assert store.delta_file(new.digest, old.digest).path.exists()


def test_no_room_for_a_delta(store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is broken machinery, told with its folder; with room, the delta is made after all."""
    old, new = (add(store, tree(tmp_path / "t", a=text), text) for text in ("1", "2"))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(pack, "delta", full)
        with pytest.raises(StepErrored, match="No space left on device") as told:
            store.delta_file(new.digest, old.digest)
    assert "cannot write a delta" in str(told.value)
    assert store.delta_file(new.digest, old.digest).path.exists()


def test_delta_once_for_all(store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 hosts that ask at once share one delta."""
    old = add(store, tree(tmp_path / "t", a="x"), "1")
    new = add(store, tree(tmp_path / "t", a="y"), "2")
    made: list[Manifest] = []
    real, barrier = pack.delta, threading.Barrier(50)
    monkeypatch.setattr(pack, "delta", lambda new, *given: (made.append(new), real(new, *given)))

    def ask(_: int) -> Path:
        barrier.wait()
        return store.delta_file(new.digest, old.digest).path

    with ThreadPoolExecutor(50) as pool:
        paths = set(pool.map(ask, range(50)))
    assert len(paths) == len(made) == 1


def test_names_that_are_no_keys(store: ArtifactStore, tmp_path: Path) -> None:
    """A version that would leave the store's folder is refused."""
    with pytest.raises(PolicyRefused, match="is no key"):
        add(store, tree(tmp_path / "t", a="x"), "../../x")
