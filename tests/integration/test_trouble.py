"""What goes wrong: each with the words that a person needs, and hosts that are left as they should be."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.actions import BlockDocumentUpdate

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
SECRET = "hunter2-and-more"
LEAKS = """\
echo "the token is $TOKEN"
echo "it is too old: $TOKEN" >&2
exit 3
"""

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-steps"), pytest.mark.timeout(2400)]


@pytest.fixture
def disk() -> Iterator[Callable[..., None]]:
    """Mount small disks; only root may."""
    mounted: list[Path] = []

    def mount(folder: Path, options: str) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root may mount a small disk")
        folder.mkdir(parents=True)
        command = ("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)


def put_files(app: Application, sizes: dict[str, int]) -> None:
    folder = app.folder / "source" / "files"
    folder.mkdir()
    for name, size in sizes.items():
        (folder / name).write_bytes(os.urandom(size))


def test_host_dies_while_it_is_deployed_to(
    stack: Stack, application: Make, eventually: Callable[..., Any]
) -> None:
    """It ends as Errored and names the host; nothing is live, the others' copies are gone; later it works."""
    app = application(hosts=("a", "b", "c"), on_trouble={"ask": False})
    put_files(app, {"big": 40_000_000})
    run = stack.start("release", app.what("1"))
    staging = app.on("b").path / ".sendoff" / "tmp"
    eventually(lambda: list(staging.glob("*/tree/files/big")), "the transfer has begun", pause=0.002)
    app.hosts.stop_host("b")
    state = stack.wait_for(run, "Errored")
    assert "1 could not be put on 1 of 3 hosts; nothing went live" in state.message
    assert "b: " in stack.report(run)
    assert "c: " not in state.message
    assert app.live == [None, None, None]
    assert [app.on(host).releases for host in ("a", "c")] == [[], []]
    stack.assert_settled(app.name)

    app.hosts.start_host("b")
    stack.tell("release", app.what("1"), "Live")
    assert app.live == ["1", "1", "1"]
    assert app.leftovers == []


def test_gone_while_people_decide(stack: Stack, application: Make) -> None:
    """A release that somebody removed from a host meanwhile is put there again before any traffic moves."""
    gate = {"kind": "approval", "name": "owner", "approvers": ["sam"]}
    app = application(gates=[gate])
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    shutil.rmtree(app.on("b").release("1"))
    stack.approve(run, "sam", "Live")
    assert app.live == ["1", "1"]
    put = [each.body["host"] for each in stack.events(run, "step.done") if each.body["action"] == "deploy"]
    assert sorted(put) == ["a", "b", "b"]
    stack.assert_settled(app.name)


def test_wrong_host_key(stack: Stack, application: Make) -> None:
    """A host with another key is refused before any change, with its fingerprint and what to do."""
    app = application()
    lines = app.hosts.known_hosts.read_text().splitlines()
    keys = [line.split(" ", 1)[1] for line in lines]
    lines[1] = f"{lines[1].split()[0]} {keys[0]}"
    app.hosts.known_hosts.write_text("\n".join(lines) + "\n")
    run, state = stack.tell("release", app.what("1"), "Refused")
    (ended,) = stack.events(run, "release.ended")
    for word in ("b: ", "offered the key ssh-ed25519 SHA256:", "ask its keeper for the fingerprint"):
        assert word in ended.body["said"]
    assert "not ready, nothing was changed" in state.message
    assert not any(app.on(host).path.exists() for host in ("a", "b"))
    stack.assert_settled(app.name)


def test_disk_too_small(stack: Stack, application: Make, disk: Callable[..., None]) -> None:
    """A disk without room for this release and one more is found before anything is changed."""
    app = application()
    put_files(app, {"big": 6_000_000})
    disk(app.on("b").path, "size=9m")
    run, _ = stack.tell("release", app.what("1"), "Refused")
    (ended,) = stack.events(run, "release.ended")
    assert "b: 9 MB are free, expected 12 MB for this release and one more" in ended.body["said"]
    assert app.releases == [[], []]
    assert app.leftovers == []
    stack.assert_settled(app.name)


def test_disk_fills_up(stack: Stack, application: Make, disk: Callable[..., None]) -> None:
    """A disk that is full in the middle of it ends as Errored and says so; nothing is left on any host."""
    app = application(on_trouble={"ask": False})
    put_files(app, {f"small-{number}": 10 for number in range(90)})
    disk(app.on("b").path, "size=9m,nr_inodes=60")
    run, _ = stack.tell("release", app.what("1"), "Errored")
    (ended,) = stack.events(run, "release.ended")
    assert "b: " in ended.body["said"]
    assert "No space left on device" in ended.body["said"]
    assert app.releases == [[], []]
    assert app.leftovers == []
    assert app.live == [None, None]
    stack.assert_settled(app.name)


def test_one_sick_host_within_the_limit(stack: Stack, application: Make) -> None:
    """With one failure allowed of three hosts, it is live on two; the third is put back and named."""
    check = {
        "kind": "command",
        "name": "well",
        "command": ["test", "!", "-e", "{root}/shared/sick-{version}"],
        "deadline": "1s",
        "interval": "200ms",
    }
    app = application(hosts=("a", "b", "c"), target={"max_failures": 1}, checks=[check])
    stack.tell("release", app.what("1"), "Live")
    (app.on("b").path / "shared" / "sick-2").touch()
    run, state = stack.tell("release", app.what("2"), "Live")
    assert app.live == ["2", "1", "2"]
    assert state.message == f"{app.name} 2 is live in production on 2 of 3 hosts"
    assert "Not on all hosts. Left out: b (1: " in stack.report(run)
    placed = {each.host: each.version for each in stack.ledger.placements() if each.application == app.name}
    assert placed == {"a": "2", "b": "1", "c": "2"}
    stack.assert_settled(app.name)


def test_failed_build_keeps_its_secret(
    stack: Stack, application: Make, eventually: Callable[..., Any]
) -> None:
    """Without its secret a release is refused; a failed build shows its last lines, the secret nowhere."""
    app = application(build={"secrets": ["TOKEN"]}, script=LEAKS)
    _, state = stack.tell("release", app.what("1"), "Refused")
    assert "secret 'TOKEN': has no value, expected one for the build; fill it in" in state.message

    block = stack.client.read_block_document_by_name(app.name, "sendoff-release-secrets")
    stack.client.update_block_document(
        block.id, BlockDocumentUpdate(data={"values": {"TOKEN": SECRET}}, merge_existing_data=False)
    )
    run, state = stack.tell("release", app.what("1"), "Failed")
    assert "exited with 3" in state.message
    assert stack.end(run) == "failed"
    (ended,) = stack.events(run, "release.ended")
    assert "| it is too old: " in ended.body["said"]
    assert app.releases == [[], []]
    stack.assert_settled(app.name)

    eventually(lambda: "Finished in state Failed" in stack.logs(run), "all logs are there")
    shown = stack.logs(run)
    assert "the token is " in shown
    places = [shown, str(stack.artifacts(run)), str(stack.events(run)), str(stack.state(run))]
    places += [str(task.state) for task in stack.tasks(run)]
    places += [path.read_text() for path in stack.workspace.logs.glob("*.log")]
    assert [place for place in places if SECRET in place] == []


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            {"application": "nonesuch", "environment": "production", "version": "1"},
            "application 'nonesuch': has no release file here, expected one of ",
        ),
        (
            {"application": "storefront", "environment": "moon", "version": "1"},
            "environment 'moon': storefront has none of that name, expected one of staging, production",
        ),
    ],
    ids=["application", "environment"],
)
def test_unknown_names_are_refused(stack: Stack, what: dict[str, str], said: str) -> None:
    """What is not there is refused also when nobody enforced the form, in words and without a traceback."""
    run = stack.start("release", what, enforce_parameter_schema=False)
    state = stack.wait_for(run, "Refused")
    assert said in state.message
    assert "Traceback" not in stack.logs(run)
    assert stack.ledger.verify() is None
