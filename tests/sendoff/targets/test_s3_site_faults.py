"""A network that fails at each request of a deploy, a switch and a removal, and processes killed at each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from sendoff.objects.s3 import client
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site.site import S3Site

Pages = Network = Any  # the classes stand in conftest.py, which tests do not import
Build = Callable[..., Artifact]

OLD: dict[str, bytes | str | None] = {"index.html": b"old", "same.css": b"same"}
NEW = {"index.html": b"new", "same.css": b"same"}
FAULTS: list[tuple[int, tuple[int, str] | str]] = [
    (1, "late"),
    (1, (500, "InternalError")),
    (client.TRIES, "dropped"),
    (client.TRIES, "lost"),
    (client.TRIES, "late"),
    (client.TRIES, (503, "SlowDown")),
]
"""How often botocore tries, and what befalls one of its tries."""

KILLER = Path(__file__).parent / "s3_site" / "killer.py"

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]


class Story:
    """A site with an old release live, over a network; a deed leaves what the next one begins with."""

    def __init__(
        self, pages: Pages, network: Network, old: Artifact, new: Artifact, store: ArtifactStore
    ) -> None:
        self.pages, self.network, self.new, self.store = pages, network, new, store
        self.live, self.other, self.token = old.release_name, new.release_name, 1
        self.points = self.errors = 0
        pages.site().deploy(old, store)
        pages.site().switch(self.live)

    def do(self, deed: str, number: int | None, fault: tuple[int, str] | str) -> bool:
        """Do it under the next number, with a fault at one request; False when it had fewer requests."""
        self.token += 1
        site = self.pages.site(token=self.token, endpoint=self.network.endpoint)
        before = len(self.network.seen)
        self.network.fault = lambda method, path: None
        if number is not None:
            self.network.nth(number, fault)
        try:
            self.once(deed, site)
        except StepErrored:
            self.errors += 1
            self.once(deed, site)
        self.network.settle()
        if deed == "switch":
            self.live, self.other = self.other, self.live
        self.see(has_new=deed != "remove")
        was_met = number is not None and number < len(self.network.seen) - before
        self.points += was_met
        return was_met

    def once(self, deed: str, site: S3Site) -> None:
        if deed == "deploy":
            site.deploy(self.new, self.store)
        elif deed == "switch":
            site.switch(self.other)
        else:
            site.remove(self.new.release_name)

    def see(self, has_new: bool) -> None:
        """Compare the bucket with what it has to be."""
        pointer, new = self.pages.pointer(), self.new.release_name
        assert (pointer["release"], pointer["fence"]) == (self.live, self.token)
        keys = [key for key in self.pages.names() if new in key and not key.endswith("/")]
        manifest = f".sendoff/manifests/{new}.json"
        assert keys == [manifest, *(f"rel/{new}/{path}" for path in NEW)] * has_new
        assert {key: self.pages.get(key)["Body"].read() for key in keys if key != manifest} == {
            f"rel/{new}/{path}": content for path, content in NEW.items() if has_new
        }


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore try again at once."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)


@pytest.fixture
def story(pages: Pages, network: Network, build: Build, store: ArtifactStore, quick: None) -> Story:
    return Story(pages, network, build(OLD), build(NEW), store)


@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
def test_each_request_fails(
    story: Story, tries: int, fault: tuple[int, str] | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever request fails and however, it ends right or as broken machinery, and a repeat comes right."""
    monkeypatch.setattr(client, "TRIES", tries)
    for deeds in (("deploy", "remove"), ("switch",)):
        if deeds == ("switch",):
            story.do("deploy", None, fault)
        number = 0
        while sum(story.do(deed, number, fault) for deed in deeds):
            number += 1
    assert story.points > 20
    assert story.errors == (story.points if tries == 1 else 0)


class Killer:
    """A process that does a deploy and a switch in children of its own, which kill themselves at a point."""

    def __init__(self, pages: Pages, artifact: Artifact, store: ArtifactStore) -> None:
        self.pages = pages
        described = {
            "endpoint": pages.server.endpoint,
            "key": [
                pages.server.credentials.access_key_id,
                pages.server.credentials.secret_access_key.get_secret_value(),
            ],
            "bucket": pages.bucket,
            "artifact": artifact.model_dump(mode="json"),
            "store": str(store.objects.root),  # type: ignore[attr-defined]  # it is a folder
        }
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            [sys.executable, str(KILLER), json.dumps(described)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
        )

    def die(self, prefix: str, number: int, when: str) -> int:
        """Have a child die at a request, before it is sent or after its answer; gives how it ended."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([prefix, number, when]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture
def killer(pages: Pages, build: Build, store: ArtifactStore) -> Iterator[Callable[[Artifact], Killer]]:
    made: list[Killer] = []

    def start(artifact: Artifact) -> Killer:
        made.append(Killer(pages, artifact, store))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_killed_at_each_request(
    pages: Pages,
    build: Build,
    store: ArtifactStore,
    killer: Callable[[Artifact], Killer],
) -> None:
    """Killed before a request or after its answer, what is there is never half, and the next one ends it."""
    artifact = build(OLD)
    kills, place, points = killer(artifact), pages.prefix, 0
    for when in ("before", "after"):
        for number in range(100):
            pages.prefix = f"{place}/{when}-{number}"
            ended = kills.die(pages.prefix, number, when)
            site = pages.site(token=2)
            if ended == 0:
                break
            assert ended == -signal.SIGKILL
            facts = site.facts()
            files = [key for key in pages.names("rel/") if not key.endswith("/")]
            assert facts.releases in ((), (artifact.release_name,))
            assert len(files) == 2 or not facts.releases
            assert facts.live is None or facts.releases
            outcome = site.deploy(artifact, store)
            if len(files) == 2 and outcome.changed:
                assert "0 files sent" in outcome.said
            site.switch(artifact.release_name)
            found = {
                key.removeprefix(f"rel/{artifact.release_name}/"): pages.get(key)["Body"].read()
                for key in pages.names("rel/")
            }
            assert found == OLD
            assert (pages.pointer()["release"], pages.pointer()["fence"]) == (artifact.release_name, 2)
            points += 1
    assert points > 30
