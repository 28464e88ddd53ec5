"""A network that fails at each request of a deploy, a switch and a removal, and processes killed at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.objects.s3 import client
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site.site import S3Site
from tests.kit.faults import Deed, every_request, undisturbed
from tests.kit.killing import Killing, every_kill, killing
from tests.kit.network import Fault, Network

Pages = Any  # the class stands in conftest.py, which tests do not import
Build = Callable[..., Artifact]

OLD: dict[str, bytes | str | None] = {"index.html": b"old", "same.css": b"same"}
NEW = {"index.html": b"new", "same.css": b"same"}
FAULTS: list[tuple[int, Fault]] = [
    (1, "late"),
    (1, (500, "InternalError")),
    (client.TRIES, "dropped"),
    (client.TRIES, "lost"),
    (client.TRIES, "late"),
    (client.TRIES, (503, "SlowDown")),
]
"""How often botocore tries, and what befalls one of its tries."""

KILLER = "tests.sendoff.targets.s3_site.killer:prepare"

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]


class Story:
    """A site with an old release live, over a network; a deed leaves what the next one begins with."""

    def __init__(
        self, pages: Pages, network: Network, old: Artifact, new: Artifact, store: ArtifactStore
    ) -> None:
        self.pages, self.network, self.new, self.store = pages, network, new, store
        self.live, self.other, self.token = old.release_name, new.release_name, 1
        self.old = self.live
        self.deploy = Deed(self.under(lambda site: site.deploy(new, store)), lambda: self.see(has_new=True))
        self.remove = Deed(
            self.under(lambda site: site.remove(new.release_name)), lambda: self.see(has_new=False)
        )
        self.switch = Deed(self.under(lambda site: site.switch(self.other)), self.see_switched)
        pages.site().deploy(old, store)
        pages.site().switch(self.live)

    def under(self, do: Callable[[S3Site], object]) -> Callable[[], Callable[[], object]]:
        """Have it done under the next number, through the network."""

        def begin() -> Callable[[], object]:
            self.token += 1
            site = self.pages.site(token=self.token, endpoint=self.network.endpoint)
            return lambda: do(site)

        return begin

    def see_switched(self) -> None:
        self.live, self.other = self.other, self.live
        self.see(has_new=True)

    def see(self, has_new: bool) -> None:
        """Compare the bucket with what it has to be."""
        pointer, new = self.pages.pointer(), self.new.release_name
        assert (pointer["release"], pointer["fence"]) == (self.live, self.token)
        wanted = {self.old: OLD} | ({new: NEW} if has_new else {})
        assert set(self.pages.sealed()) == wanted.keys()
        assert {each: self.pages.content(each) for each in wanted} == wanted
        keys = {key for each in wanted for key in self.pages.keys(each).values()}
        assert set(self.pages.stored()) == keys


@pytest.fixture
def story(pages: Pages, network: Network, build: Build, store: ArtifactStore, quick: None) -> Story:
    return Story(pages, network, build(OLD), build(NEW), store)


@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
def test_each_request_fails(story: Story, tries: int, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever request fails and however, it ends right or as broken machinery, and a repeat comes right."""
    monkeypatch.setattr(client, "TRIES", tries)
    tally = every_request([story.deploy, story.remove], story.network, fault)
    undisturbed(story.deploy, story.network)
    tally += every_request([story.switch], story.network, fault)
    assert tally.points > 20
    assert tally.errors == (tally.points if tries == 1 else 0)


@pytest.fixture
def killer(pages: Pages, build: Build, store: ArtifactStore) -> Iterator[tuple[Killing, Artifact]]:
    """A process whose children deploy a release and make it live, or remove it, and that release."""
    artifact = build(OLD)
    described = {
        "endpoint": pages.server.endpoint,
        "key": [
            pages.server.credentials.access_key_id,
            pages.server.credentials.secret_access_key.get_secret_value(),
        ],
        "bucket": pages.bucket,
        "layout": pages.layout,
        "artifact": artifact.model_dump(mode="json"),
        "store": str(store.objects.root),  # type: ignore[attr-defined]  # it is a folder
    }
    with killing(KILLER, described) as kills:
        yield kills, artifact


def test_killed_at_each_request(pages: Pages, store: ArtifactStore, killer: tuple[Killing, Artifact]) -> None:
    """Killed before a request or after its answer, what is there is never half, and the next one ends it."""
    (kills, artifact), place = killer, pages.prefix

    def begin(name: str) -> list[str]:
        pages.prefix = f"{place}/{name}"
        return [pages.prefix, "release"]

    def see() -> None:
        site = pages.site(token=2)
        facts, files = site.facts(), pages.stored()
        assert facts.releases in ((), (artifact.release_name,))
        assert len(files) == 2 or not facts.releases
        assert facts.live is None or facts.releases
        outcome = site.deploy(artifact, store)
        if len(files) == 2 and outcome.changed:
            assert "0 files sent" in outcome.said
        site.switch(artifact.release_name)
        assert pages.content(artifact.release_name) == OLD
        assert len(pages.stored()) == 2
        assert (pages.pointer()["release"], pages.pointer()["fence"]) == (artifact.release_name, 2)

    assert every_kill(kills, begin, see) > 30


def test_a_removal_killed_at_each_request(
    pages: Pages, store: ArtifactStore, killer: tuple[Killing, Artifact]
) -> None:
    """Killed while it removes a release, the next one ends it, and the release can be deployed and live."""
    (kills, artifact), place = killer, pages.prefix

    def begin(name: str) -> list[str]:
        pages.prefix = f"{place}/gone-{name}"
        pages.site().deploy(artifact, store)
        return [pages.prefix, "removal"]

    def see() -> None:
        site = pages.site(token=2)
        site.remove(artifact.release_name)
        assert (site.facts().releases, pages.stored()) == ((), [])
        site.deploy(artifact, store)
        assert site.switch(artifact.release_name).changed
        assert pages.content(artifact.release_name) == OLD

    assert every_kill(kills, begin, see) > 10
