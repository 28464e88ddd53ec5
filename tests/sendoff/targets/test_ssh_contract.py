"""What every host over SSH must do, against OpenSSH's own daemon and the embedded hosts alike."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, HostUnreachable, PolicyRefused, StepErrored
from sendoff.store import ArtifactStore
from sendoff.targets.ssh.faults import HostKeyRefused, LoginRefused
from sendoff.targets.ssh.host import SshHost
from sendoff.targets.ssh.login import HostAddress, Jump
from sendoff.targets.ssh.talk import Overdue
from tests.kit.runs import told

Site = Any  # the fixture's class stands in conftest.py, which tests do not import
Build = Callable[..., Artifact]
TREE: dict[str, bytes | str | None] = {
    "bin/serve": b"#!/bin/sh\necho serves\n",
    "static/site.css": b"body { color: black }\n",
    "static/logo.png": bytes(range(256)) * 400,
    "static/latest": "logo.png",
    "cache": None,
}


@pytest.fixture
def host(site: Site) -> SshHost:
    return site.fleet().host("web-1")


@pytest.fixture
def first(build: Build) -> Artifact:
    return build(TREE, executable=("bin/serve",))


@pytest.fixture
def second(build: Build) -> Artifact:
    changed = {**TREE, "static/site.css": b"body { color: blue }\n", "static/new": b"new"}
    return build(changed, executable=("bin/serve",))


def content(tree: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in sorted(tree.rglob("*")):
        name = str(path.relative_to(tree))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        elif not any(path.iterdir()):
            found[name] = None
    return found


def leftovers(site: Site) -> list[str]:
    folder = site.root / ".sendoff" / "tmp"
    return sorted(each.name for each in folder.iterdir()) if folder.exists() else []


def test_a_release_arrives_whole(site: Site, host: SshHost, first: Artifact, store: ArtifactStore) -> None:
    """Content, modes, links and empty folders arrive as they were built, and nothing is live yet."""
    outcome = host.deploy(first, store)
    assert outcome.changed
    assert "in full" in outcome.said
    found = content(site.root / "releases" / first.release_name)
    assert found == {
        "bin/serve": (TREE["bin/serve"], True),
        "static/site.css": (TREE["static/site.css"], False),
        "static/logo.png": (TREE["static/logo.png"], False),
        "static/latest": "logo.png",
        "cache": None,
    }
    assert not (site.root / "current").exists()
    assert leftovers(site) == []


def test_a_second_time_is_a_no_op(host: SshHost, first: Artifact, store: ArtifactStore) -> None:
    """What is there already, sealed, is not sent again, and says so."""
    host.deploy(first, store)
    outcome = host.deploy(first, store)
    assert not outcome.changed
    assert "sealed and intact" in outcome.said


def test_what_is_there_is_linked(
    site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """Only what changed is sent; the rest is the same file as in the release before."""
    host.deploy(first, store)
    outcome = host.deploy(second, store)
    assert "2 changed paths" in outcome.said
    old, new = (site.root / "releases" / each.release_name for each in (first, second))
    assert (old / "static/logo.png").samefile(new / "static/logo.png")
    assert (new / "static/site.css").read_bytes() == b"body { color: blue }\n"
    assert (old / "static/site.css").read_bytes() == TREE["static/site.css"]


def test_a_changed_mode_is_a_change(
    site: Site, host: SshHost, first: Artifact, build: Build, store: ArtifactStore
) -> None:
    """A file that only became not executable leaves the old release's file as it is."""
    plain = build(TREE)
    host.deploy(first, store)
    host.deploy(plain, store)
    assert content(site.root / "releases" / first.release_name)["bin/serve"] == (TREE["bin/serve"], True)
    assert content(site.root / "releases" / plain.release_name)["bin/serve"] == (TREE["bin/serve"], False)


def test_kinds_that_change(site: Site, host: SshHost, build: Build, store: ArtifactStore) -> None:
    """A folder becomes a file, a file a folder, a link a file: the delta still gives the new tree."""
    pad = {"pad": bytes(20_000)}
    old = build({**pad, "a/x": b"1", "b": b"2", "c": "pad", "d/e/f": b"3"})
    new = build({**pad, "a": b"1", "b/y": b"2", "c": b"file", "d": None})
    host.deploy(old, store)
    assert "changed paths" in host.deploy(new, store).said
    found = content(site.root / "releases" / new.release_name)
    assert found == {
        "pad": (bytes(20_000), False),
        "a": (b"1", False),
        "b/y": (b"2", False),
        "c": (b"file", False),
        "d": None,
    }


def test_a_tampered_base_is_not_built_upon(
    site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """A delta on files that somebody changed is noticed; all is sent instead, and it is told."""
    host.deploy(first, store)
    (site.root / "releases" / first.release_name / "static/logo.png").write_bytes(b"tampered")
    outcome = host.deploy(second, store)
    assert "in full" in outcome.said
    assert "not what was sealed" in outcome.said
    assert (site.root / "releases" / second.release_name / "static/logo.png").read_bytes() == TREE[
        "static/logo.png"
    ]
    assert leftovers(site) == []


def test_what_an_application_wrote_does_not_go_on(
    site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """Files that an application left in its folder are not taken over, and do not spoil the delta."""
    host.deploy(first, store)
    cache = site.root / "releases" / first.release_name / "static" / "__pycache__"
    cache.mkdir()
    (cache / "odd name").write_text("x")
    assert "2 changed paths" in host.deploy(second, store).said
    assert not (site.root / "releases" / second.release_name / "static" / "__pycache__").exists()


def test_a_damaged_dark_release_is_replaced(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """A sealed release whose file was changed is deployed again, which says what was wrong."""
    host.deploy(first, store)
    style = site.root / "releases" / first.release_name / "static" / "site.css"
    style.write_text("tampered")
    outcome = host.deploy(first, store)
    assert outcome.changed
    assert "static/site.css is not what its hash says" in outcome.said
    assert style.read_bytes() == TREE["static/site.css"]


@pytest.mark.parametrize("damage", ["remove", "executable", "link", "folder"])
def test_every_kind_of_damage_is_seen(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore, damage: str
) -> None:
    """A missing file, a mode, a link's target, an empty folder: each is checked."""
    host.deploy(first, store)
    tree = site.root / "releases" / first.release_name
    match damage:
        case "remove":
            (tree / "static/logo.png").unlink()
        case "executable":
            (tree / "bin/serve").chmod(0o644)
        case "link":
            (tree / "static/latest").unlink()
            (tree / "static/latest").symlink_to("site.css")
        case "folder":
            (tree / "cache").rmdir()
    assert "damaged" in host.deploy(first, store).said


def test_a_damaged_live_release_is_refused(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """The live release is never moved away from under its application."""
    host.deploy(first, store)
    host.switch(first.release_name)
    (site.root / "current" / "bin" / "serve").write_text("tampered")
    with pytest.raises(PolicyRefused, match="is live and no longer what was sealed"):
        host.deploy(first, store)


def test_a_folder_nobody_sealed_is_left_alone(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """A folder that has a release's name but was not sealed is not overwritten."""
    strange = site.root / "releases" / first.release_name
    strange.mkdir(parents=True)
    (strange / "kept").write_text("by hand")
    with pytest.raises(PolicyRefused, match="not put there by a release"):
        host.deploy(first, store)
    assert (strange / "kept").read_text() == "by hand"


def test_shared_paths_outlive_releases(
    site: Site, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """Shared folders are made, linked into each release, nested ones too, and a delta keeps to that."""
    host = site.fleet(shared=("uploads", "var/log files")).host("web-1")
    host.deploy(first, store)
    (site.root / "shared" / "uploads" / "cat.jpg").write_text("cat")
    assert "changed paths" in host.deploy(second, store).said
    for artifact in (first, second):
        tree = site.root / "releases" / artifact.release_name
        assert str((tree / "uploads").readlink()) == "../../shared/uploads"
        assert (tree / "uploads" / "cat.jpg").read_text() == "cat"
        assert str((tree / "var/log files").readlink()) == "../../../shared/var/log files"
    assert not host.deploy(second, store).changed


def test_a_shared_path_in_the_artifact_is_refused(site: Site, build: Build, store: ArtifactStore) -> None:
    """A shared path cannot hide what was built."""
    artifact = build({"uploads/default.png": b"x"})
    with pytest.raises(PolicyRefused, match="shared path 'uploads' is in the artifact too"):
        site.fleet(shared=("uploads",)).host("web-1").deploy(artifact, store)


class Slow:
    """A tar that stops in the middle until it is told to go on."""

    def __init__(self, file: Any) -> None:
        self.file, self.halfway, self.go_on = file, threading.Event(), threading.Event()
        self.pieces = 0

    def read(self, size: int) -> bytes:
        self.pieces += 1
        if self.pieces == 2:
            self.halfway.set()
            assert self.go_on.wait(20)
        return bytes(self.file.read(size))

    def __enter__(self) -> Slow:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


@pytest.fixture
def slow(store: ArtifactStore, build: Build, monkeypatch: pytest.MonkeyPatch) -> tuple[Artifact, Slow]:
    artifact = build({"big": os.urandom(4 << 20), "small": b"x"})
    stream, opened = Slow(store.open_tree(artifact.digest)), store.open_tree
    streams = iter([stream])
    monkeypatch.setattr(store, "open_tree", lambda digest: next(streams, None) or opened(digest))
    return artifact, stream


def test_killed_midway_then_again(
    site: Site,
    store: ArtifactStore,
    slow: tuple[Artifact, Slow],
    eventually: Callable[..., None],
) -> None:
    """A connection that breaks in the middle is told as such; the next attempt succeeds, nothing is left."""
    (artifact, stream), host = slow, site.fleet().host("web-1")
    with ThreadPoolExecutor(1) as pool:
        attempt = pool.submit(host.deploy, artifact, store)
        assert stream.halfway.wait(20)
        site.break_connections()
        stream.go_on.set()
        with pytest.raises(HostUnreachable, match="connection broke"):
            attempt.result(30)
    releases = site.root / "releases"
    assert not (releases / artifact.release_name).exists()
    assert host.deploy(artifact, store).changed
    assert content(releases / artifact.release_name)["small"] == (b"x", False)
    eventually(lambda: not host.deploy(artifact, store).changed and leftovers(site) == [], "swept")


def test_leftovers_of_the_dead_are_swept(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """What was left by whoever was killed on the host is removed by whoever changes it next."""
    left = site.root / ".sendoff" / "tmp" / "1.0-abc"
    (left / "tree").mkdir(parents=True)
    (site.root / ".current.123").symlink_to("releases/1.0-abc")
    host.deploy(first, store)
    assert leftovers(site) == []
    assert not list(site.root.glob(".current.*"))


def test_a_smaller_number_changes_nothing(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """Once a larger number was seen, all that changes the host is refused to a smaller; looking is not."""
    old = site.fleet(token=6).host("web-1")
    new = site.fleet(token=7).host("web-1")
    release = first.release_name
    old.deploy(first, store)
    assert new.switch(release).changed
    assert old.facts().fence == 7
    changes: list[Callable[[], object]] = [
        lambda: old.deploy(first, store),
        lambda: old.switch(None),
        lambda: old.remove(release),
        lambda: old.run(("touch", "changed"), release, 20, {}, once="k"),
    ]
    for change in changes:
        with pytest.raises(Fenced, match=r"web-1: .* it has seen number 7, which is larger than ours"):
            change()
    assert old.facts().live == release
    assert not (site.root / "current" / "changed").exists()
    assert old.run(("echo", "seen"), release, 20, {}).output == "seen\n"


def test_without_a_number_nothing_changes(site: Site, first: Artifact, store: ArtifactStore) -> None:
    """A run that holds no lease can look and not touch."""
    with pytest.raises(StepErrored, match="no number was given"):
        site.fleet(token=0).host("web-1").deploy(first, store)


def test_a_larger_number_ends_the_transfer_of_a_smaller(
    site: Site, store: ArtifactStore, slow: tuple[Artifact, Slow]
) -> None:
    """The zombie that holds the host in the middle of a stream is ended, and is refused from then on."""
    artifact, stream = slow
    old, new = site.fleet(token=1).host("web-1"), site.fleet(token=2).host("web-1")
    with ThreadPoolExecutor(1) as pool:
        attempt = pool.submit(old.deploy, artifact, store)
        assert stream.halfway.wait(20)
        started = time.monotonic()
        new.switch(None)
        assert time.monotonic() - started < 10
        assert leftovers(site) == []
        stream.go_on.set()
        with pytest.raises((StepErrored, Fenced)):
            attempt.result(30)
    assert new.facts().releases == ()
    with pytest.raises(Fenced):
        old.deploy(artifact, store)


def test_a_command_under_way_is_waited_for(
    site: Site,
    host: SshHost,
    first: Artifact,
    store: ArtifactStore,
    tmp_path: Path,
    eventually: Callable[..., None],
) -> None:
    """Two that both believe they are alive do not interleave: the new one waits for the old one's command."""
    host.deploy(first, store)
    go_on, release = tmp_path / "go-on", first.release_name
    wait = ("sh", "-c", f"touch {tmp_path}/begun; until [ -e {go_on} ]; do sleep 0.05; done; date +%s.%N")
    new = site.fleet(token=2).host("web-1")
    with ThreadPoolExecutor(2) as pool:
        command = pool.submit(host.run, wait, release, 60, {}, once="k")
        eventually((tmp_path / "begun").exists, "the command runs")
        switch = pool.submit(new.switch, release)
        with pytest.raises(TimeoutError):
            switch.result(2)
        go_on.touch()
        assert command.result(20).code == 0
        assert switch.result(20).changed


def test_a_command_ends_well_only_once(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """Under one key a command that ended well is not run again until the next switch; a failed one is."""
    host.deploy(first, store)
    release, count = first.release_name, site.root / "shared" / "count"
    add = ("sh", "-c", f"echo run >>{count}; [ $(wc -l <{count}) -gt 1 ]")
    assert host.run(add, release, 20, {}, once="r1/after/0").code == 1
    assert host.run(add, release, 20, {}, once="r1/after/0").code == 0
    assert host.run(add, release, 20, {}, once="r1/after/0").output == "it had run before"
    assert count.read_text().split() == ["run", "run"]
    host.switch(release)
    assert host.run(add, release, 20, {}, once="r1/after/0").code == 0
    assert len(count.read_text().split()) == 3


def test_a_command_that_precedes_a_switch_is_not_run_after_it(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """One that is believed dead may switch before its successor changes anything, and so is not fenced."""
    host.deploy(first, store)
    release, count = first.release_name, site.root / "shared" / "count"
    add = ("sh", "-c", f"echo run >>{count}")
    for token, live in enumerate((release, ""), start=1):
        old, new = (site.fleet(token=each).host("web-1") for each in (token, token + 1))
        assert old.run(add, release, 20, {}, once="r1/before/1", unless_live=live).output == ""
        old.switch(live or None)
        again = new.run(add, release, 20, {}, once="r1/before/1", unless_live=live)
        assert again.output == "it had run before"
    assert count.read_text().split() == ["run", "run"]


def test_a_daemon_does_not_keep_the_host(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """What a command leaves running does not keep others from changing the host."""
    host.deploy(first, store)
    daemon = ("sh", "-c", "setsid sleep 30 >/dev/null 2>&1 </dev/null & echo $!")
    pid = int(host.run(daemon, first.release_name, 20, {}, once="k").output)
    try:
        started = time.monotonic()
        host.switch(first.release_name)
        assert time.monotonic() - started < 5
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_switch_that_was_not_written_down(
    site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """A switch that was cut short before its line in the journal gets it from whoever comes next, once."""
    host.deploy(first, store)
    host.deploy(second, store)
    one, two = first.release_name, second.release_name
    host.switch(one)
    (site.root / "new").symlink_to(f"releases/{two}")
    (site.root / "new").rename(site.root / "current")
    host.switch(two)
    host.switch(two)
    host.switch(one)
    journal = [line.split()[1:3] for line in (site.root / ".sendoff/journal").read_text().splitlines()]
    assert journal == [["-", one], [one, two], [two, one]]


def test_a_host_that_is_gone_and_comes_back(site: Site, host: SshHost) -> None:
    """A host that died is unreachable, then the same object reaches it again."""
    assert host.facts().live is None
    site.die()
    with pytest.raises(HostUnreachable):
        host.facts()
    site.come_back()
    assert host.facts().live is None


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = (
        os.getuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], check=False, capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("a small file system cannot be mounted here: that needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk(site: Site, build: Build, store: ArtifactStore, small_disk: Path) -> None:
    """A disk that fills up is told in the host's words, and all that was written is gone again."""
    host = site.fleet(root=small_disk / "srv").host("web-1")
    fits = build({"small": b"x"})
    host.deploy(fits, store)
    with pytest.raises(StepErrored, match=r"(?i)no space left"):
        host.deploy(build({"big": os.urandom(6 << 20)}), store)
    assert [each.name for each in (small_disk / "srv" / "releases").iterdir()] == [fits.release_name]
    assert not list((small_disk / "srv" / ".sendoff" / "tmp").iterdir())


def test_switching(
    site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """Switching there, there again, on, back and to none: each says what it did, and the journal has it."""
    host.deploy(first, store)
    host.deploy(second, store)
    one, two = first.release_name, second.release_name
    said = [host.switch(name) for name in (one, one, two, one, None, None)]
    assert [outcome.changed for outcome in said] == [True, False, True, True, True, False]
    assert said[2].said == f"{two} is live, before: {one}"
    assert not (site.root / "current").is_symlink()
    journal = [line.split()[1:3] for line in (site.root / ".sendoff/journal").read_text().splitlines()]
    assert journal == [["-", one], [one, two], [two, one], [one, "-"]]


def test_never_a_moment_without_current(
    site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """A reader who looks all the time finds one of the two releases each time."""
    host.deploy(first, store)
    host.deploy(second, store)
    names = [first.release_name, second.release_name]
    host.switch(names[0])
    current, seen, over = str(site.root / "current"), set(), threading.Event()

    def look() -> int:
        looks = 0
        while not over.is_set():
            seen.add(os.readlink(current))
            looks += 1
        return looks

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for number in range(60):
            host.switch(names[(number + 1) % 2])
        over.set()
        assert looking.result(10) > 200
    assert seen == {f"releases/{name}" for name in names}


def test_what_is_not_sealed_cannot_go_live(site: Site, host: SshHost) -> None:
    """A release that is not there, or a folder without a manifest, is refused."""
    (site.root / "releases" / "1.0-fake").mkdir(parents=True)
    with pytest.raises(PolicyRefused, match="not sealed"):
        host.switch("1.0-fake")


def test_current_that_is_a_folder(site: Site, host: SshHost, first: Artifact, store: ArtifactStore) -> None:
    """A real folder called current is never touched: neither deploy nor switch goes on."""
    (site.root / "current").mkdir(parents=True)
    with pytest.raises(PolicyRefused, match="current is not a link"):
        host.deploy(first, store)
    with pytest.raises(PolicyRefused, match="current is not a link"):
        host.switch("any")
    assert "not a link" in str(host.facts().obstacle)


def test_removing(site: Site, host: SshHost, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """A dark release goes, a second time says so, the live one stays."""
    host.deploy(first, store)
    host.deploy(second, store)
    host.switch(second.release_name)
    assert host.remove(first.release_name).changed
    assert not host.remove(first.release_name).changed
    with pytest.raises(PolicyRefused, match="is live"):
        host.remove(second.release_name)
    assert [each.name for each in (site.root / "releases").iterdir()] == [second.release_name]


def test_pruning(host: SshHost, build: Build, store: ArtifactStore) -> None:
    """The oldest go, but neither the live one nor the one to go back to."""
    made = [build({"number": str(number).encode()}) for number in range(5)]
    names = [artifact.release_name for artifact in made]
    for artifact in made:
        host.deploy(artifact, store)
    host.switch(names[0])
    assert host.prune(3, frozenset({names[1]})).changed
    assert host.facts().releases == (names[0], names[1], names[4])
    assert not host.prune(3, frozenset({names[1]})).changed


def test_facts(site: Site, host: SshHost, first: Artifact, store: ArtifactStore) -> None:
    """An empty host, then one with a live release; reading facts makes nothing."""
    empty = host.facts()
    assert (empty.live, empty.releases, empty.writable, empty.missing_tools) == (None, (), True, ())
    assert not site.root.exists()
    assert abs(empty.clock_skew) < 1
    assert empty.free_bytes == pytest.approx(shutil.disk_usage(site.root.parent).free, rel=0.2)
    host.deploy(first, store)
    host.switch(first.release_name)
    assert (host.facts().live, host.facts().releases) == (first.release_name, (first.release_name,))


def test_running_a_command(site: Site, host: SshHost, first: Artifact, store: ArtifactStore) -> None:
    """A command runs in the release's folder with its words as they are; its code is a result."""
    host.deploy(first, store)
    result = host.run(["bin/serve"], first.release_name, 10, {})
    assert (result.code, result.output) == (0, "serves\n")
    words = ["sh", "-c", 'pwd -P; printf "%s|" "$@"; echo oops >&2; exit 7', "x", "a b", "it's", "$HOME", "*"]
    result = host.run(words, first.release_name, 10, {})
    assert result.code == 7
    assert result.output.startswith(str((site.root / "releases" / first.release_name).resolve()))
    assert "a b|it's|$HOME|*|" in result.output
    assert "oops" in result.output


def test_running_in_a_release_that_is_not_there(host: SshHost) -> None:
    """It is refused, and says what to do."""
    with pytest.raises(PolicyRefused, match="deploy it first"):
        host.run(["true"], "1.0-none", 10, {})


def test_secrets_are_seen_by_nobody(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore, eventually: Callable[..., None]
) -> None:
    """A variable reaches the command whatever is in it, and stands in no process's arguments."""
    host.deploy(first, store)
    secret = "s3cr3t'\"$(id)\n`x` ü"
    flag, ready = site.root / "shared" / "go", site.root / "shared" / "ready"
    script = 'touch "$2"; while [ ! -e "$1" ]; do sleep 0.05; done; printf %s "$TOKEN"'
    with ThreadPoolExecutor(1) as pool:
        command = ["sh", "-c", script, "sh", str(flag), str(ready)]
        running = pool.submit(host.run, command, first.release_name, 20, {"TOKEN": secret})
        eventually(ready.exists, "the command runs")
        shown = [told(each) for each in Path("/proc").glob("[0-9]*/cmdline")]
        flag.touch()
        assert running.result(20).output == secret
    assert any(str(flag) in line for line in shown)
    assert not any("s3cr3t" in line for line in shown)


def test_a_command_that_takes_too_long(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore, eventually: Callable[..., None]
) -> None:
    """It is ended with all that it started, and its last words are shown."""
    host.deploy(first, store)
    script = 'echo about to wait; sleep 300 & echo $! > "$1"; wait'
    note = site.root / "shared" / "pid"
    with pytest.raises(Overdue, match=r"more than 1 s[\s\S]*about to wait"):
        host.run(["sh", "-c", script, "sh", str(note)], first.release_name, 1, {})
    sleeper = Path("/proc") / note.read_text().strip()
    eventually(lambda: not (sleeper / "cmdline").exists() or not (sleeper / "cmdline").read_bytes(), "killed")


def test_a_command_that_prints_much(host: SshHost, first: Artifact, store: ArtifactStore) -> None:
    """Much output does not stop a command; the last of it is kept."""
    host.deploy(first, store)
    script = "yes 0123456789 | head -c 8000000; echo the end"
    result = host.run(["sh", "-c", script], first.release_name, 30, {})
    assert result.code == 0
    assert result.output.endswith("the end\n")
    assert len(result.output) < 70_000


def test_a_daemon_does_not_hold_the_command(
    site: Site, host: SshHost, first: Artifact, store: ArtifactStore
) -> None:
    """A command that leaves a daemon behind which keeps its output open has ended when it has ended."""
    host.deploy(first, store)
    result = host.run(["sh", "-c", "sleep 60 & echo $!"], first.release_name, 20, {})
    os.kill(int(result.output), 9)
    assert result.code == 0
    assert result.seconds < 10


def test_much_input_and_output_at_once(site: Site) -> None:
    """Bytes go in and out at the same time without either side waiting for ever."""
    with site.fleet() as fleet:
        result = fleet.session("web-1").run(["cat"], os.urandom(1024).hex().encode() * 3000, timeout=30)
    assert result.code == 0


def test_a_command_that_reads_nothing(site: Site) -> None:
    """Input that nobody reads is no error: the command's own end counts."""
    with site.fleet() as fleet:
        result = fleet.session("web-1").run(["sh", "-c", "exit 5"], bytes(8 << 20), timeout=30)
    assert result.code == 5


def test_sixteen_threads(site: Site, first: Artifact, store: ArtifactStore) -> None:
    """One connection serves many threads, each with its own command's output."""
    fleet = site.fleet()
    fleet.host("web-1").deploy(first, store)

    def ask(number: int) -> str:
        return fleet.host("web-1").run(["echo", str(number)], first.release_name, 30, {}).output.strip()

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(48))) == [str(number) for number in range(48)]
    assert fleet.session("web-1") is fleet.session("web-1")


def test_an_unknown_host(site: Site, tmp_path: Path) -> None:
    """A host that is in no list is refused; the error names fingerprint, file and the line to add."""
    empty = tmp_path / "empty"
    empty.touch()
    login = site.login.model_copy(update={"known_hosts": str(empty)})
    with pytest.raises(HostKeyRefused, match=r"is unknown.*SHA256:.*empty.*ssh-ed25519 AAAA") as refused:
        site.fleet(login=login).host("web-1").facts()
    line = str(refused.value).split("add the line '")[1].rstrip("'")
    empty.write_text(line + "\n")
    assert site.fleet(login=login).host("web-1").facts().writable


def test_a_changed_host_key(site: Site, tmp_path: Path) -> None:
    """Another key than the known one is refused, with both fingerprints and the line of the file."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    wrong = tmp_path / "wrong"
    public = (tmp_path / "other.pub").read_text()
    wrong.write_text(f"# a comment\n[127.0.0.1]:{site.address.port} {public}")
    login = site.login.model_copy(update={"known_hosts": str(wrong)})
    with pytest.raises(HostKeyRefused, match=r"offered the key .*SHA256:.*expected .*SHA256:.*wrong:2"):
        site.fleet(login=login).host("web-1").facts()


def test_hashed_known_hosts(site: Site, tmp_path: Path) -> None:
    """A file whose names ssh-keygen hashed is understood."""
    hashed = tmp_path / "hashed"
    shutil.copy(site.login.known_hosts, hashed)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", hashed], check=True, capture_output=True)
    assert "127.0.0.1" not in hashed.read_text()
    login = site.login.model_copy(update={"known_hosts": str(hashed)})
    assert site.fleet(login=login).host("web-1").facts().writable


def test_a_key_that_is_not_let_in(site: Site, tmp_path: Path) -> None:
    """It is refused, not retried, and says what to look at."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "stranger"], check=True)
    login = site.login.model_copy(update={"private_key_file": str(tmp_path / "stranger")})
    with pytest.raises(LoginRefused, match="authorized_keys"):
        site.fleet(login=login).host("web-1").facts()


def test_through_a_jump_host(site: Site, first: Artifact, store: ArtifactStore) -> None:
    """A host is reached through another one; both keys are checked."""
    jump = Jump(address=site.address.address, port=site.address.port)
    login = site.login.model_copy(update={"jump_host": jump})
    assert site.fleet(login=login).host("web-1").deploy(first, store).changed


def test_a_jump_host_that_reaches_nothing(site: Site) -> None:
    """What is behind it and does not answer is unreachable, and the jump host is named."""
    jump = Jump(address=site.address.address, port=site.address.port)
    login = site.login.model_copy(update={"jump_host": jump})
    fleet = site.fleet(login=login)
    fleet._hosts["web-1"] = HostAddress(address="127.0.0.1", port=1)
    with pytest.raises(HostUnreachable, match="through the jump host"):
        fleet.host("web-1").facts()


PART = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"), blacklist_characters="/"),
    min_size=1,
    max_size=20,
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 100)
PATHS = st.lists(st.lists(PART, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6, unique=True)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(paths=PATHS)
def test_odd_paths(site: Site, build: Build, store: ArtifactStore, paths: list[str]) -> None:
    """Spaces, quotes, backslashes, leading hyphens and any alphabet arrive as they are."""
    files = {
        path: path.encode()
        for path in (*paths, "-rf", 'it\'s \\ "odd" $(x)\\n', " ", "*", "ünï", "~", "--", "\\")
    }
    for path in list(files):
        if any(other.startswith(f"{path}/") for other in files):
            del files[path]
    artifact = build(files, executable=(next(iter(files)),))
    host = site.fleet().host("web-1")
    host.deploy(artifact, store)
    found = content(site.root / "releases" / artifact.release_name)
    assert {path: value for path, value in found.items() if value} == {
        path: (data, path == next(iter(files))) for path, data in files.items()
    }
    assert not host.deploy(artifact, store).changed
