"""Files of a static site that all releases share: when they go, who may still remove them, other layouts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site import leaving
from sendoff.targets.s3_site.site import S3Site

Pages = Any  # the class stands in conftest.py, which tests do not import
Build = Callable[..., Artifact]

OLD: dict[str, bytes | str | None] = {"index.html": b"old", "same.css": b"same"}
NEW: dict[str, bytes | str | None] = {"index.html": b"new", "same.css": b"same"}
RECORD = ".sendoff/leaving.json"

pytestmark = [
    pytest.mark.s3,
    pytest.mark.xdist_group("s3"),
    pytest.mark.parametrize("layout", ["shared"], indirect=True),
]


def asleep(site: S3Site, monkeypatch: pytest.MonkeyPatch, start: str) -> Callable[[], None]:
    """Have it die before it removes files of which the keys start so; gives what removes them after all."""
    delete, late = site._bucket.delete, []

    def falls_asleep(keys: Iterable[str]) -> None:
        asked = list(keys)
        if asked and asked[0].startswith(start):
            late.extend(asked)
            raise StepErrored("asleep")
        delete(asked)

    monkeypatch.setattr(site._bucket, "delete", falls_asleep)

    def wakes() -> None:
        assert late
        delete(late)

    return wakes


def test_each_file_once(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """Files with the same content and headers are one object; other headers make another one."""
    artifact = build({"a.txt": b"x", "b/c.txt": b"x", "d.css": b"x", "e.html": b"x"})
    assert "3 files sent" in pages.site().deploy(artifact, store).said
    keys = pages.keys(artifact.release_name)
    assert keys["a.txt"] == keys["b/c.txt"]
    assert len(set(keys.values())) == 3 == len(pages.stored())
    told = [hashlib.sha256(b"x").hexdigest(), "text/css; charset=utf-8", "public, max-age=300"]
    address = hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
    assert keys["d.css"] == f"files/{address}"
    assert {pages.get(keys[path])["ContentType"] for path in ("d.css", "e.html")} == {
        "text/css; charset=utf-8",
        "text/html; charset=utf-8",
    }


def test_other_headers(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """Where rules for caches have changed, the next release has files of its own; the old one keeps its."""
    old, new = build(OLD), build(NEW)
    pages.site().deploy(old, store)
    pages.site(cache=({"files": "*", "control": "no-store"},)).deploy(new, store)
    told = [pages.get(pages.keys(each.release_name)["same.css"])["CacheControl"] for each in (old, new)]
    assert told == ["public, max-age=300", "no-store"]


@pytest.mark.parametrize("now", ["folders", "shared"])
@pytest.mark.parametrize("then", ["folders", "shared"])
def test_the_layout_was_changed(
    pages: Pages, build: Build, store: ArtifactStore, now: str, then: str
) -> None:
    """Whatever is configured, releases of both layouts are copied from, gone back to, and pruned."""
    old, new = build(OLD), build(NEW)
    pages.site(layout=then).deploy(old, store)
    pages.site(layout=then).switch(old.release_name)
    site = pages.site(layout=now)
    assert "1 file sent" in site.deploy(new, store).said
    assert site.deploy(old, store).said == f"{old.release_name} is there already, sealed and whole"
    for each in (new, old, new):
        assert site.switch(each.release_name).changed
    assert (pages.content(old.release_name), pages.content(new.release_name)) == (OLD, NEW)
    assert site.prune(1, frozenset()).changed
    assert (site.facts().releases, pages.content(new.release_name)) == ((new.release_name,), NEW)
    assert pages.stored() == sorted(pages.keys(new.release_name).values())
    assert pages.json(f".sendoff/manifests/{new.release_name}.json")["layout"] == now


def test_a_damaged_release_of_the_other_layout(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """It is deployed anew as is configured now, and what is left of it in its folder goes with it."""
    artifact = build(OLD)
    pages.site(layout="folders").deploy(artifact, store)
    pages.delete(f"rel/{artifact.release_name}/index.html")
    site = pages.site()
    with pytest.raises(PolicyRefused, match=r"'index.html' is gone"):
        site.switch(artifact.release_name)
    assert "was damaged: 'index.html' is gone" in site.deploy(artifact, store).said
    assert pages.content(artifact.release_name) == OLD
    assert site.remove(artifact.release_name).changed
    assert pages.stored() == []


def test_a_removal_that_was_asleep(
    pages: Pages, build: Build, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it removes when it wakes up, a release that came after it does not use: it loses no file."""
    old, new = build(OLD), build(NEW)
    pages.site().deploy(old, store)
    slow, site = pages.site(), pages.site(token=2)
    wakes = asleep(slow, monkeypatch, "files/")
    with pytest.raises(StepErrored, match="asleep"):
        slow.remove(old.release_name)
    site.deploy(new, store)
    site.switch(new.release_name)
    wakes()
    assert pages.content(new.release_name) == NEW
    assert site.switch(None).changed
    assert site.switch(new.release_name).changed


def test_a_release_whose_files_may_still_go(
    pages: Pages, build: Build, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was believed dead has sealed it meanwhile: it has to be deployed again to go live."""
    artifact = build(OLD)
    pages.site().deploy(artifact, store)
    manifest = f".sendoff/manifests/{artifact.release_name}.json"
    sealed, slow, site = pages.get(manifest)["Body"].read(), pages.site(token=2), pages.site(token=3)
    wakes = asleep(slow, monkeypatch, "files/")
    with pytest.raises(StepErrored, match="asleep"):
        slow.remove(artifact.release_name)
    pages.put(manifest, sealed)
    with pytest.raises(PolicyRefused, match=r"'index.html' is gone"):
        site.switch(artifact.release_name)
    assert "2 files sent" in site.deploy(artifact, store).said
    assert site.switch(artifact.release_name).changed
    wakes()
    assert pages.content(artifact.release_name) == OLD
    assert pages.site(token=4).deploy(artifact, store).changed is False


def test_a_removal_that_was_overtaken(
    pages: Pages, build: Build, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a larger number overtakes removes no shared file, and takes back that it was about to."""
    artifact = build(OLD)
    slow = pages.site()
    slow.deploy(artifact, store)
    files, note = pages.stored(), leaving.note

    def overtaken(*given: Any) -> None:
        note(*given)
        pages.site(token=2).switch(None)

    monkeypatch.setattr(leaving, "note", overtaken)
    with pytest.raises(Fenced):
        slow.remove(artifact.release_name)
    assert pages.stored() == files
    assert pages.json(RECORD)["removals"] == {}
    assert "2 were there" in pages.site(token=2).deploy(artifact, store).said


def test_a_removal_is_done_again(
    pages: Pages, build: Build, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same run ends what it has begun, and its record; another one ends it, and leaves the record."""
    artifact = build(OLD)
    for token, left in ((1, {}), (2, {"1"})):
        site = pages.site()
        site.deploy(artifact, store)
        asleep(site, monkeypatch, "files/")
        with pytest.raises(StepErrored, match="asleep"):
            site.remove(artifact.release_name)
        assert pages.site(token=token).remove(artifact.release_name).said == "removed 2 shared files"
        assert (pages.stored(), pages.json(RECORD)["removals"].keys()) == ([], set(left))


def test_an_unreadable_manifest_keeps_files(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """While a manifest cannot be read, nobody knows whose a file is, and no shared file is removed."""
    old, new = build(OLD), build(NEW)
    site = pages.site()
    for each in (old, new):
        site.deploy(each, store)
    files = pages.stored()
    pages.put(f".sendoff/manifests/{old.release_name}.json", b"{}")
    said = site.remove(new.release_name).said
    assert said == (
        f"removed {new.release_name}; shared files stay, as the manifest of {old.release_name} cannot be read"
    )
    assert pages.stored() == files


def test_the_live_manifest_is_gone(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """Nor is one removed while the live release has no manifest: visitors may have been given its files."""
    artifact = build(OLD)
    site = pages.site()
    site.deploy(artifact, store)
    site.switch(artifact.release_name)
    pages.delete(f".sendoff/manifests/{artifact.release_name}.json")
    assert f"as the manifest of {artifact.release_name} cannot be read" in site.prune(2, frozenset()).said
    assert len(pages.stored()) == 2


def test_a_record_of_others(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """A record that Sendoff did not write stops a deploy, as it may say what is being removed."""
    pages.put(RECORD, b"[]")
    with pytest.raises(PolicyRefused, match=r"leaving.json is not what Sendoff wrote"):
        pages.site().deploy(build(OLD), store)


def test_a_manifest_that_was_to_go(
    pages: Pages, build: Build, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was about to remove a release does not take its manifest when it went live meanwhile."""
    artifact = build(OLD)
    slow, fast = pages.site(), pages.site(token=2)
    slow.deploy(artifact, store)
    write, manifest = slow._bucket.write, f".sendoff/manifests/{artifact.release_name}.json"

    def late(key: str, content: bytes, etag: str | None) -> bool:
        if key == manifest:
            fast.switch(artifact.release_name)
        return write(key, content, etag)

    monkeypatch.setattr(slow._bucket, "write", late)
    with pytest.raises(Fenced):
        slow.remove(artifact.release_name)
    assert pages.json(manifest)["fence"] == 2
    assert pages.content(artifact.release_name) == OLD
    assert fast.facts().releases == (artifact.release_name,)


def test_a_manifest_that_went(
    pages: Pages, build: Build, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release does not go live when its manifest is taken away in the middle of that; it can come again."""
    artifact = build(OLD)
    slow, fast = pages.site(), pages.site(token=2)
    slow.deploy(artifact, store)
    write, manifest = fast._bucket.write, f".sendoff/manifests/{artifact.release_name}.json"

    def late(key: str, content: bytes, etag: str | None) -> bool:
        if key == manifest and pages.get(manifest)["Body"].read():
            pages.put(manifest, b"")
        return write(key, content, etag)

    with monkeypatch.context() as patch:
        patch.setattr(fast._bucket, "write", late)
        with pytest.raises(StepErrored, match="was written by others meanwhile"):
            fast.switch(artifact.release_name)
    assert (pages.pointer()["release"], fast.facts().releases) == (None, ())
    assert "2 were there" in fast.deploy(artifact, store).said
    assert fast.switch(artifact.release_name).changed
