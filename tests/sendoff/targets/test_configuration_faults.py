"""A network that fails at each request to AppConfig, and processes killed at each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.objects.s3.client import TRIES
from sendoff.spec.cloud import Configuration
from sendoff.store import ArtifactStore
from sendoff.targets import connection
from sendoff.targets.configuration import rollout
from sendoff.targets.configuration.configuration import HostedConfiguration, open_target
from tests.kit.emulators import REGION, Ministack
from tests.kit.faults import Deed, every_request, undisturbed
from tests.kit.killing import every_kill, killing
from tests.kit.network import Fault, Network, disturbed
from tests.sendoff.targets.killed import ACCESS

Build = Callable[..., Artifact]

FAULTS: list[tuple[int, Fault]] = [
    (1, "late"),
    (1, "lost"),
    (1, (500, "InternalServerException")),
    (TRIES, "dropped"),
    (TRIES, "lost"),
    (TRIES, "late"),
    (TRIES, "throttled"),
]
"""How often botocore tries, and what befalls one of its tries."""

KILLER = "tests.sendoff.targets.killed:prepare"

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws-pointers")]


class Place:
    """A configuration in an environment of its own, with a version that others had deployed."""

    def __init__(self, server: Ministack) -> None:
        self.client = server.client("appconfig")
        self.application = self.client.create_application(Name="shop")["Id"]
        within = {"ApplicationId": self.application}
        self.environment = self.client.create_environment(**within, Name="production")["Id"]
        made = self.client.create_configuration_profile(**within, Name="flags", LocationUri="hosted")
        self.profile = made["Id"]
        self.strategy = self.client.create_deployment_strategy(
            Name="at once", DeploymentDurationInMinutes=0, FinalBakeTimeInMinutes=0, GrowthFactor=100.0
        )["Id"]
        self.client.create_hosted_configuration_version(
            **within, ConfigurationProfileId=self.profile, Content=b"{}", ContentType="application/json"
        )
        self.client.start_deployment(
            **within,
            EnvironmentId=self.environment,
            ConfigurationProfileId=self.profile,
            ConfigurationVersion="1",
            DeploymentStrategyId=self.strategy,
        )

    def described(self, endpoint: str) -> dict[str, Any]:
        return {
            "kind": "appconfig",
            "name": "flags",
            "application_id": self.application,
            "environment_id": self.environment,
            "profile_id": self.profile,
            "strategy_id": self.strategy,
            "undo_strategy_id": self.strategy,
            "content": "flags.json",
            "region": REGION,
            "endpoint": endpoint,
        }

    def open(self, endpoint: str, token: int) -> HostedConfiguration:
        target = Configuration.model_validate(self.described(endpoint))
        return open_target(target, ACCESS, "run", token).host("flags")

    def labels(self) -> list[str]:
        told = self.client.list_hosted_configuration_versions(
            ApplicationId=self.application, ConfigurationProfileId=self.profile
        )
        return [each["VersionLabel"] for each in told["Items"] if each.get("VersionLabel")]

    def deployed(self) -> list[str | None]:
        """Give the labels of the versions that were deployed one after the other."""
        told = self.client.list_deployments(ApplicationId=self.application, EnvironmentId=self.environment)
        assert {each["State"] for each in told["Items"]} == {"COMPLETE"}
        return [each.get("VersionLabel") for each in told["Items"]]


class Story:
    """A configuration with an old release live; a deed leaves what the next one begins with."""

    def __init__(
        self, place: Place, network: Network, old: Artifact, new: Artifact, store: ArtifactStore
    ) -> None:
        self.place, self.network, self.token = place, network, 0
        self.deployed: list[str | None] = [None]
        before, after = old.release_name, new.release_name
        self.deploy = self.deed(lambda host: host.deploy(new, store), {before, after})
        self.remove = self.deed(lambda host: host.remove(after), {before})
        self.forward = self.deed(lambda host: host.switch(after), {before, after}, after)
        self.back = self.deed(lambda host: host.switch(before), {before, after}, before)
        self.leave = self.deed(lambda host: host.switch(None), {before, after}, None)
        undisturbed(self.deed(lambda host: host.deploy(old, store), {before}), network)
        undisturbed(self.deed(lambda host: host.switch(before), {before}, before), network)

    def deed(
        self, do: Callable[[HostedConfiguration], object], releases: set[str], live: str | None = ""
    ) -> Deed:
        """Have it done under the next number, and see that it was done once.

        Of versions there may be one too many: this server minds no LatestVersionNumber, as AWS does.
        """

        def begin() -> Callable[[], object]:
            self.token += 1
            host = self.place.open(self.network.endpoint, self.token)
            return lambda: do(host)

        def see() -> None:
            if live != "":
                self.deployed.append(live)
            assert self.place.deployed() == self.deployed
            assert set(self.place.labels()) == releases

        return Deed(begin, see)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at deployments without a pause."""
    monkeypatch.setattr(rollout, "PAUSE", 0.0)


@pytest.fixture
def place(ministack: Ministack) -> Place:
    ministack.reset()
    return Place(ministack)


@pytest.fixture
def network(place: Place, ministack: Ministack, one_session: None) -> Iterator[Network]:
    with disturbed(ministack.endpoint) as found:
        yield found


@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
def test_each_request_fails(
    place: Place,
    network: Network,
    build: Build,
    store: ArtifactStore,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
    tries: int,
    fault: Fault,
) -> None:
    """Whichever request fails and however, it ends right or as broken machinery, and is done once."""
    config = connection.CONFIG.merge(type(connection.CONFIG)(retries={"total_max_attempts": tries}))
    monkeypatch.setattr(connection, "CONFIG", config)
    old, new = build({"flags.json": b"1"}), build({"flags.json": b"2"})
    story = Story(place, network, old, new, store)
    tally = every_request([story.deploy, story.remove], network, fault)
    undisturbed(story.deploy, network)
    tally += every_request([story.forward, story.back], network, fault)
    tally += every_request([story.leave, story.back], network, fault)
    assert tally.points > 30
    assert tally.errors == (tally.points if tries == 1 else 0)


def test_killed_at_each_request(ministack: Ministack, build: Build, store: ArtifactStore) -> None:
    """Killed before a request or after its answer, what is there is never half, and the next one ends it."""
    ministack.reset()
    artifact, places = build({"flags.json": b"1"}), list[Place]()
    release = artifact.release_name
    what = {"artifact": artifact.model_dump(mode="json"), "store": str(store.objects.root)}  # type: ignore[attr-defined]  # it is a folder

    def begin(name: str) -> list[Any]:
        places.append(Place(ministack))
        return [places[-1].described(ministack.endpoint)]

    def see() -> None:
        place = places[-1]
        labels, deployed = place.labels(), place.deployed()
        assert labels in ([], [release])
        assert deployed in ([None], [None, release])
        host = place.open(ministack.endpoint, 2)
        assert host.facts().live == deployed[-1]
        assert host.deploy(artifact, store).changed == (not labels)
        assert host.switch(release).changed == (deployed == [None])
        assert (place.labels(), place.deployed()) == ([release], [None, release])

    with killing(KILLER, what) as kills:
        assert every_kill(kills, begin, see) > 15
