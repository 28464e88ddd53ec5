"""What a host is told about a release."""

from __future__ import annotations

import io
import tarfile

import pytest

from sendoff.artifact.manifest import Entry, Manifest
from sendoff.errors import PolicyRefused
from sendoff.targets.ssh.lists import Heads, as_members, lists, see_shared, stale


def file(path: str, sha256: str = "a" * 64, mode: int = 0o644) -> Entry:
    return Entry.model_validate({"path": path, "kind": "file", "mode": mode, "size": 1, "sha256": sha256})


def tree(*entries: Entry) -> Manifest:
    return Manifest(entries=tuple(sorted(entries, key=lambda entry: entry.path.encode())))


LINK = Entry(path="latest", kind="link", mode=0o777, target="a/b")
EMPTY = Entry(path="cache", kind="folder", mode=0o755)


def test_the_lists_of_a_tree() -> None:
    """Each kind has its list, in one order; the counts hold implied folders, and the top."""
    made = lists(tree(file("a/b", mode=0o755), file("c", "c" * 64), LINK, EMPTY), ["up", "v/w/x"])
    assert made["files"] == b"./a/b\0./c\0"
    assert made["hashes"].split() == [b"a" * 64, b"c" * 64]
    assert made["executables"] == b"./a/b\0"
    assert (made["links"], made["targets"], made["folders"]) == (b"./latest\0", b"a/b\n", b"./cache\0")
    assert made["all"] == b".\0./a\0./a/b\0./c\0./cache\0./latest\0"
    assert made["counts"] == b"6 3 1\n"
    assert (made["shared"], made["made"]) == (b"./up\0./v/w/x\0", b"./v/w\0./v\0")


def test_what_a_copy_of_the_old_has_to_lose() -> None:
    """What is gone and what differs, a mode too; not what is new or the same."""
    old = tree(file("same"), file("gone"), file("differs"), file("mode"), file("was/folder"))
    new = tree(file("same"), file("differs", "b" * 64), file("mode", mode=0o755), file("was"), file("new"))
    assert sorted(stale(new, old).split(b"\0")) == [b"", b"./differs", b"./gone", b"./mode", b"./was"]


def test_members_go_before_another_tar() -> None:
    """Files written as members and then a whole tar are one tar."""
    second = io.BytesIO()
    with tarfile.open(fileobj=second, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("last"))
    joined = io.BytesIO(as_members("x", {"one": b"1", "two": bytes(600)}) + second.getvalue())
    with tarfile.open(fileobj=joined) as tar:
        assert tar.getnames() == ["x/one", "x/two", "last"]


def test_a_head_is_written_once_for_all_hosts() -> None:
    """The same bytes are given again; what goes before a delta says what is stale as well."""
    new, old = tree(file("same"), file("new")), tree(file("same"), file("gone"))
    heads = Heads(["data"])
    full = heads.full(new.digest, new)
    assert heads.full(new.digest, new) is full
    delta = heads.delta(new.digest, new, old.digest, old)
    assert heads.delta(new.digest, new, old.digest, old) is delta
    with tarfile.open(fileobj=io.BytesIO(delta)) as tar:
        member = tar.extractfile(f".sendoff-{new.digest}/stale")
        assert member is not None
        assert member.read() == b"./gone\0"
    assert b"/stale" not in full


@pytest.mark.parametrize("shared", ["a", "a/b", "a/b/c", "cache", "cache/x", "latest"])
def test_a_shared_path_that_the_artifact_holds(shared: str) -> None:
    """A shared path at, above or below what was built is refused."""
    with pytest.raises(PolicyRefused, match="in the artifact too"):
        see_shared("web-1", tree(file("a/b"), LINK, EMPTY), [shared])


def test_shared_paths_within_each_other() -> None:
    """Only the outer one can be linked."""
    with pytest.raises(PolicyRefused, match="lies in another"):
        see_shared("web-1", tree(file("a")), ["data", "data/uploads"])


def test_shared_paths_beside_what_was_built() -> None:
    """A folder of the artifact may hold a shared path."""
    see_shared("web-1", tree(file("var/readme")), ["var/uploads", "log"])
