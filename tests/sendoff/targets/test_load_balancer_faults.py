"""Networks that fail at each request to a load balancer and its services, and processes killed at each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.config import Config
from botocore.retries.standard import ExponentialBackoff

from sendoff.artifact.manifest import Artifact
from sendoff.store import ArtifactStore
from sendoff.targets.aws import CONFIG
from sendoff.targets.load_balancer.load_balancer import BalancedTarget
from tests.kit.emulators import Ministack, Moto
from tests.kit.faults import Deed, Tally, every_request, undisturbed
from tests.kit.killing import every_kill, killing
from tests.kit.network import Fault, Network, disturbed
from tests.sendoff.targets.load_balancer.place import ECS, ELB, OnHost, OverEcs, OverSsh

Balanced = OverSsh | OverEcs
Build = Callable[..., Artifact]

FAULTS: list[tuple[int, Fault]] = [
    (1, "late"),
    (1, "lost"),
    (1, (500, "InternalFailure")),
    (2, "dropped"),
    (2, "lost"),
    (2, "late"),
    (2, "throttled"),
]
"""How often a request is sent, and what befalls one of its tries."""

DEFINITION = "task-definition.json"
NOTHING = OnHost(None, {}, [], [], [])
KILLER = "tests.sendoff.targets.load_balancer.killer:prepare"

pytestmark = [pytest.mark.aws, pytest.mark.ssh, pytest.mark.xdist_group("aws-balancer")]


class Story:
    """An old release is live on green; new ones are deployed to blue and removed, or get the traffic."""

    def __init__(self, place: Balanced, build: Build, store: ArtifactStore) -> None:
        self.place, self.build, self.store = place, build, store
        self.tokens = itertools.count(1)
        self.old = self.new = made(place, build)
        self.old_name = self.old.release_name
        self.log: list[str] = []
        self.switches: list[str] = []
        self.token = next(self.tokens)
        target = place.target(token=self.token)
        target.deploy(self.old, store)
        target.switch(self.old_name)

    @property
    def name(self) -> str:
        return self.new.release_name

    def deed(self, do: Callable[[BalancedTarget], object], weights: dict[str, int], *, has_new: bool) -> Deed:
        """Have it done under the next number; then the weights and what is on blue have to be as is said."""

        def begin() -> Callable[[], object]:
            self.token = next(self.tokens)
            target = self.place.target(token=self.token)
            return lambda: do(target)

        return Deed(begin, lambda: self.see(weights, on_blue=self.name if has_new else None))

    def deploy(self) -> Deed:
        deed = self.deed(
            lambda target: target.deploy(self.new, self.store), {"blue": 0, "green": 100}, has_new=True
        )

        def begin() -> Callable[[], object]:
            self.new = made(self.place, self.build)
            self.log += [f"{moment} blue-1 {self.new.version}" for moment in ("before", "after")]
            self.switches.append(f"- {self.name} run-1")
            return deed.begin()

        return Deed(begin, deed.see)

    def remove(self) -> Deed:
        deed = self.deed(lambda target: target.remove(self.name), {"blue": 0, "green": 100}, has_new=False)

        def begin() -> Callable[[], object]:
            self.log.append(f"withdraw blue-1 {self.new.version}")
            self.switches.append(f"{self.name} - run-1")
            return deed.begin()

        return Deed(begin, deed.see)

    def shift(self) -> Deed:
        return self.deed(lambda target: target.shift(self.name, 10), {"green": 90, "blue": 10}, has_new=True)

    def go_live(self) -> Deed:
        return self.deed(lambda target: target.switch(self.name), {"blue": 100, "green": 0}, has_new=True)

    def go_back(self) -> Deed:
        return self.deed(lambda target: target.switch(self.old_name), {"blue": 0, "green": 100}, has_new=True)

    def tidy_up(self) -> Deed:
        """Look, as a run does before anything, and prune, as it does in the end."""

        def both(target: BalancedTarget) -> None:
            assert target.facts().obstacle is None
            target.prune(5, frozenset())

        return self.deed(both, {"blue": 0, "green": 100}, has_new=True)

    def see(self, weights: dict[str, int], on_blue: str | None) -> None:
        """Compare what is there with what has to be."""
        assert self.place.weights() == weights
        tags = self.place.all_tags()
        assert tags["blue"]["fence"] == str(self.token)
        assert tags["blue"].get("release") == on_blue
        assert tags["green"]["release"] == self.old_name
        if isinstance(self.place, OverEcs):
            running, names = self.place.running(), list(self.place.revisions().values())
            assert running["green"] == self.old_name
            assert on_blue is None or running["blue"] == on_blue
            assert (names.count(self.name), names.count(self.old_name)) == (1, 1)
        else:
            there = {on_blue: {DEFINITION: b"{}"}} if on_blue else {}
            assert self.place.on_host("blue") == OnHost(on_blue, there, self.log, self.switches, [])
            assert self.place.on_host("green") == once(self.place, "green", self.old)


def made(place: Balanced, build: Build) -> Artifact:
    """Make one more release for a place."""
    definition = place.definition() if isinstance(place, OverEcs) else {}
    return build({DEFINITION: json.dumps(definition).encode()})


def once(place: OverSsh, side: str, artifact: Artifact) -> OnHost:
    """Tell how a host is to be to which one release was brought by one run, each step of it once."""
    log = [f"{moment} {side}-1 {artifact.version}" for moment in ("before", "after")]
    name = artifact.release_name
    return OnHost(name, {name: {DEFINITION: b"{}"}}, log, [f"- {name} run-1"], [])


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
    moves = [story.shift(), story.go_back(), story.go_live(), story.go_back(), story.tidy_up()]
    return tally + every_request(moves, network, fault)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
@pytest.mark.parametrize(
    ("balanced", "asked"), [("over_ecs", ELB), ("over_ecs", ECS), ("over_ssh", ELB)], indirect=["balanced"]
)
def test_each_request_fails(
    balanced: Balanced,
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

    There is one revision of each release at the end, though ECS makes two of a request that is repeated. On
    hosts each command ran once, and each switch was made once.
    """
    story = Story(balanced, build, store)
    retries = Config(retries={"mode": "standard", "total_max_attempts": tries})
    monkeypatch.setattr("sendoff.targets.connection.CONFIG", CONFIG.merge(retries))
    balanced.lead(asked, ways[asked].endpoint)
    tally = met(story, ways[asked], fault)
    assert tally.points >= (60 if asked == ELB else 12)
    if tries == 1:
        assert tally.errors > tally.points / 2
    elif asked == ELB:
        assert tally.errors == 0


@pytest.mark.timeout(900)
@pytest.mark.parametrize("balanced", ["over_ecs", "over_ssh"], indirect=True)
def test_killed_at_each_request(balanced: Balanced, build: Build, store: ArtifactStore) -> None:
    """Killed before a request or after its answer, what is there is never half, and the run ends it later."""
    artifact = made(balanced, build)
    name = artifact.release_name

    def begin(number: str) -> list[Any]:
        balanced.clear()
        return balanced.reached()

    def see() -> None:
        weights, tags = balanced.weights(), balanced.all_tags()
        dark = not weights.get("green")
        assert dark or tags["green"]["release"] == name
        assert "release" not in tags["green"] or balanced.running()["green"] == name
        if isinstance(balanced, OverSsh):
            whole = once(balanced, "green", artifact)
            placed = NOTHING._replace(releases=whole.releases)
            assert balanced.on_host("green") in (NOTHING, placed, whole)
        target = balanced.target(token=2)
        facts = target.facts()
        assert (facts.live in (None, name), facts.obstacle) == (True, None)
        target.deploy(artifact, store)
        target.switch(name)
        assert balanced.weights() == {"blue": 0, "green": 100}
        assert balanced.tags("blue")["fence"] == "2"
        if isinstance(balanced, OverEcs):
            assert balanced.running() == {"blue": None, "green": name}
            assert list(balanced.revisions().values()) == [name]
        else:
            assert balanced.on_host("blue") == NOTHING
            assert balanced.on_host("green") == whole

    described = {"artifact": artifact.model_dump(mode="json"), "store": str(store.objects.root)}  # type: ignore[attr-defined]
    with killing(KILLER, described) as kills:
        assert every_kill(kills, begin, see) > (90 if isinstance(balanced, OverEcs) else 70)
