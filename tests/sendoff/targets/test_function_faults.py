"""A network that fails at each request of a function's release, and processes killed at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from botocore.config import Config

from sendoff.artifact.manifest import Artifact
from sendoff.store import ArtifactStore
from sendoff.targets import connection
from sendoff.targets.function.function import Function
from tests.kit.faults import Deed, Tally, every_request
from tests.kit.functions import Functions, tree
from tests.kit.killing import every_kill, killing
from tests.kit.network import Fault, Network, disturbed

Build = Callable[..., Artifact]

TRIES = connection.CONFIG.retries["total_max_attempts"]  # type: ignore[attr-defined]  # botocore sets them
FAULTS: list[tuple[int, Fault]] = [
    (1, "late"),
    (1, (500, "ServiceException")),
    (TRIES, "dropped"),
    (TRIES, "lost"),
    (TRIES, "late"),
    (TRIES, "throttled"),
]
"""How often botocore tries, and what befalls one of its tries."""

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws-function")]


@pytest.fixture
def network(functions: Functions) -> Iterator[Network]:
    with disturbed(functions.emulator.endpoint) as found:
        yield found


class Story:
    """A function with an old release live, over a network; a deed leaves what the next one begins with."""

    def __init__(
        self, place: Functions, network: Network, old: Artifact, new: Artifact, store: ArtifactStore
    ) -> None:
        self.place, self.network, self.token = place, network, 1
        self.old, self.new = old.release_name, new.release_name
        target = place.target()
        target.deploy(old, store)
        target.switch(self.old)
        self.deeds = [
            self.deed(lambda target: target.deploy(new, store), self.old, {}),
            self.deed(lambda target: target.shift(self.new, 10), self.old, {self.new: 0.1}),
            self.deed(lambda target: target.switch(self.new), self.new, {}),
            self.deed(lambda target: target.switch(self.old), self.old, {}),
            self.deed(lambda target: target.remove(self.new), self.old, {}, has_new=False),
        ]

    def deed(
        self,
        do: Callable[[Function], object],
        live: str,
        weights: dict[str, float],
        *,
        has_new: bool = True,
    ) -> Deed:
        """Have it done under the next number, through the network; then all has to be as is said."""

        def begin() -> Callable[[], object]:
            self.token += 1
            target = self.place.target(token=self.token, endpoint=self.network.endpoint)
            return lambda: do(target)

        def see() -> None:
            number = {name: self.place.versions(name) for name in (self.old, self.new)}
            assert [len(number[self.old]), len(number[self.new])] == [1, int(has_new)]
            assert [self.place.alias()["FunctionVersion"]] == number[live]
            assert self.place.weights() == {number[name][0]: weight for name, weight in weights.items()}
            record = self.place.record()
            assert (record["release"], record["fence"], record["origin"]) == (live, self.token, "1")
            facts = self.place.target(token=self.token).facts()
            assert (facts.live, facts.canary) == (live, next(iter(weights), None))
            assert facts.releases == (self.old, self.new)[: 1 + has_new]

        return Deed(begin, see)


@pytest.fixture
def story(functions: Functions, network: Network, build: Build, store: ArtifactStore, quick: None) -> Story:
    return Story(functions, network, build(tree("old")), build(tree("new")), store)


@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
def test_each_request_fails(story: Story, tries: int, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever request fails and however, it ends right or as broken machinery, and a repeat comes right."""
    patient = Config(retries={"mode": "standard", "total_max_attempts": tries})
    monkeypatch.setattr(connection, "CONFIG", patient)
    tally = every_request(story.deeds, story.network, fault)
    assert tally.points > 30
    assert tally == Tally(tally.points, tally.points if tries == 1 else 0)


def test_killed_at_each_request(functions: Functions, build: Build, store: ArtifactStore) -> None:
    """Killed before a request or after its answer, nothing is half or twice, and the next one ends it."""
    artifact, aliases = build(tree("new")), [""]
    name = artifact.release_name
    described = {
        "target": functions.described().model_dump(mode="json"),
        "artifact": artifact.model_dump(mode="json"),
        "store": str(store.objects.root),  # type: ignore[attr-defined]  # it is a folder
    }

    def begin(alias: str) -> list[str]:
        aliases[0] = alias
        functions.client.create_alias(FunctionName=functions.name, Name=alias, FunctionVersion="1")
        return [alias]

    def see() -> None:
        alias = aliases[0]
        target = functions.target(token=2, alias=alias)
        facts = target.facts()
        assert (facts.live, facts.canary) in ((None, None), (None, name), (name, None))
        assert facts.releases in ((), (name,))
        assert len(functions.versions(name, alias)) == len(facts.releases)
        target.deploy(artifact, store)
        if facts.live is None:
            target.shift(name, 10)
        target.switch(name)
        assert functions.versions(name, alias) == [functions.alias(alias)["FunctionVersion"]]
        found = target.facts()
        assert (found.live, found.canary, found.fence) == (name, None, 2)
        assert found.releases == (name,)

    with killing("tests.kit.functions:prepare", described) as kills:
        assert every_kill(kills, begin, see) > 40
