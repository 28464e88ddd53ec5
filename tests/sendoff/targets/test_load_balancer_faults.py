"""Networks that fail at each request to a load balancer and its services, and processes killed at each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from botocore.config import Config
from botocore.retries.standard import ExponentialBackoff

from sendoff.artifact.manifest import Artifact
from sendoff.store import ArtifactStore
from sendoff.targets.aws import CONFIG
from tests.kit.emulators import Ministack, Moto
from tests.kit.faults import Deed, Tally, every_request, undisturbed
from tests.kit.killing import every_kill, killing
from tests.kit.network import Fault, Network, disturbed
from tests.sendoff.targets.load_balancer.place import ECS, ELB, OverEcs, OverSsh

Balanced = OverSsh | OverEcs
Build = Callable[..., Artifact]

FAULTS: list[tuple[int, Fault]] = [
    (1, "late"),
    (1, "lost"),
    (1, (500, "InternalFailure")),
    (2, "lost"),
    (2, "throttled"),
]
"""How often a request is sent, and what befalls one of its tries."""

KILLER = "tests.sendoff.targets.load_balancer.killer:prepare"

pytestmark = [pytest.mark.aws, pytest.mark.ssh, pytest.mark.xdist_group("aws-balancer")]


class Story:
    """An old release is live on green; new ones are deployed to blue and removed, or get the traffic."""

    def __init__(self, place: Balanced, build: Build, store: ArtifactStore) -> None:
        self.place, self.build, self.store = place, build, store
        self.tokens = itertools.count(1)
        self.old = self.new = self.made()
        self.old_name = self.old.release_name
        target = place.target(token=next(self.tokens))
        target.deploy(self.old, store)
        target.switch(self.old_name)
        self.token = 1

    @property
    def name(self) -> str:
        return self.new.release_name

    def made(self) -> Artifact:
        definition = self.place.definition() if isinstance(self.place, OverEcs) else {}
        return self.build({"task-definition.json": json.dumps(definition).encode()})

    def deploy(self) -> Deed:
        def begin() -> Callable[[], object]:
            self.new = self.made()
            self.token = next(self.tokens)
            target = self.place.target(token=self.token)
            return lambda: target.deploy(self.new, self.store)

        return Deed(begin, lambda: self.see({"blue": 0, "green": 100}, dark=self.name))

    def remove(self) -> Deed:
        def begin() -> Callable[[], object]:
            self.token = next(self.tokens)
            target = self.place.target(token=self.token)
            return lambda: target.remove(self.name)

        return Deed(begin, lambda: self.see({"blue": 0, "green": 100}, dark=None))

    def shift(self) -> Deed:
        def begin() -> Callable[[], object]:
            self.token = next(self.tokens)
            target = self.place.target(token=self.token)
            return lambda: target.shift(self.name, 10)

        return Deed(begin, lambda: self.see({"green": 90, "blue": 10}, dark=self.name))

    def switch(self) -> Deed:
        def begin() -> Callable[[], object]:
            self.token = next(self.tokens)
            target = self.place.target(token=self.token)
            return lambda: target.switch(self.old_name)

        return Deed(begin, lambda: self.see({"blue": 0, "green": 100}, dark=self.name))

    def see(self, weights: dict[str, int], dark: str | None) -> None:
        """Compare what is there with what has to be."""
        assert self.place.weights() == weights
        assert self.place.tags("blue")["fence"] == str(self.token)
        assert self.place.tags("blue").get("release") == dark
        assert self.place.tags("green")["release"] == self.old_name
        assert self.place.runs("green") == self.old_name
        if dark:
            assert self.place.runs("blue") == dark
        if isinstance(self.place, OverEcs):
            names = list(self.place.revisions().values())
            assert (names.count(self.name), names.count(self.old_name)) == (1, 1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait, and look at few revisions, which each cost a request."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)
    monkeypatch.setattr("sendoff.targets.load_balancer.services.PAUSES", (0.0, 0.0))
    monkeypatch.setattr("sendoff.targets.load_balancer.services.NEWEST", 3)


@pytest.fixture
def ways(moto: Moto, ministack: Ministack) -> Iterator[dict[str, Network]]:
    """Ways to both emulators that can be disturbed, by what is asked there."""
    with ExitStack() as stack:
        servers = {ELB: moto.endpoint, ECS: ministack.endpoint}
        yield {name: stack.enter_context(disturbed(endpoint)) for name, endpoint in servers.items()}


def met(story: Story, network: Network, fault: Fault) -> Tally:
    tally = every_request([story.deploy(), story.remove()], network, fault)
    undisturbed(story.deploy(), network)
    return tally + every_request([story.shift(), story.switch()], network, fault)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
@pytest.mark.parametrize("asked", [ELB, ECS])
def test_each_request_fails(
    over_ecs: OverEcs,
    build: Build,
    store: ArtifactStore,
    ways: dict[str, Network],
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    tries: int,
    fault: Fault,
) -> None:
    """Whichever request fails and however, it ends right or as broken machinery, and a repeat comes right.

    There is one revision of each release at the end, though ECS makes two of a request that is repeated.
    """
    story = Story(over_ecs, build, store)
    retries = Config(retries={"mode": "standard", "total_max_attempts": tries})
    monkeypatch.setattr("sendoff.targets.connection.CONFIG", CONFIG.merge(retries))
    over_ecs.lead(asked, ways[asked].endpoint)
    tally = met(story, ways[asked], fault)
    assert tally.points >= (40 if asked == ELB else 10)
    if tries == 1:
        assert tally.errors > tally.points / 2
    elif asked == ELB:
        assert tally.errors == 0


@pytest.mark.timeout(900)
def test_each_request_fails_before_hosts(
    over_ssh: OverSsh,
    build: Build,
    store: ArtifactStore,
    ways: dict[str, Network],
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Hosts behind it are left right as well, whichever answer of the load balancer is lost."""
    story = Story(over_ssh, build, store)
    retries = Config(retries={"mode": "standard", "total_max_attempts": 1})
    monkeypatch.setattr("sendoff.targets.connection.CONFIG", CONFIG.merge(retries))
    over_ssh.lead(ELB, ways[ELB].endpoint)
    tally = met(story, ways[ELB], "lost")
    assert tally.points > 40
    assert tally.errors == tally.points


@pytest.mark.timeout(900)
def test_killed_at_each_request(
    moto: Moto,
    ministack: Ministack,
    one_session: None,
    build: Build,
    store: ArtifactStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed before a request or after its answer, what is there is never half, and the next one ends it."""
    monkeypatch.setattr("sendoff.targets.load_balancer.backing.EVERY", 0.05)
    places = [OverEcs(moto, monkeypatch, ministack)]
    definition = {
        "family": "killed",
        "containerDefinitions": [{"name": "shop", "image": f"shop@sha256:{'b' * 64}"}],
    }
    artifact = build({"task-definition.json": json.dumps(definition).encode()})
    name = artifact.release_name

    def begin(number: str) -> list[object]:
        places[-1].close()
        places.append(OverEcs(moto, monkeypatch, ministack))
        return [places[-1].described()]

    def see() -> None:
        place = places[-1]
        place.family = "killed"
        weights = place.weights()
        dark = not weights.get("green")
        assert dark or place.tags("green")["release"] == name
        assert "release" not in place.tags("green") or place.runs("green") == name
        target = place.target(token=2, by="run-2")
        facts = target.facts()
        assert (facts.live in (None, name), facts.obstacle) == (True, None)
        target.deploy(artifact, store)
        target.switch(name)
        assert place.weights() == {"blue": 0, "green": 100}
        assert place.runs("green") == name
        assert list(place.revisions().values()) == [name]
        assert place.tags("blue")["fence"] == "2"

    described = {"artifact": artifact.model_dump(mode="json"), "store": str(store.objects.root)}  # type: ignore[attr-defined]
    with killing(KILLER, described) as kills:
        assert every_kill(kills, begin, see) > 60
    places[-1].close()
