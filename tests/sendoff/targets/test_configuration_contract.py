"""A configuration in AppConfig, as ministack has it: what each method promises, seen in what is deployed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from sendoff.artifact.manifest import Artifact
from sendoff.errors import CheckFailed, Fenced, PolicyRefused, StepErrored
from sendoff.objects.s3.address import Access, Credentials
from sendoff.spec.cloud import Configuration
from sendoff.store import ArtifactStore
from sendoff.targets.configuration import rollout
from sendoff.targets.configuration.configuration import HostedConfiguration, open_target
from sendoff.targets.one_host import OneHost
from tests.kit.emulators import REGION, Ministack
from tests.kit.network import Network, disturbed

Build = Callable[..., Artifact]

ACCESS = Access(key=Credentials(access_key_id="AKIDEMULATED", secret_access_key=SecretStr("secret")))

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws-pointers")]


class Flags:
    """A configuration in an environment, and a look at what is there past all that guards it."""

    def __init__(self, server: Ministack) -> None:
        self.server, self.client = server, server.client("appconfig")
        self.application = self.client.create_application(Name="shop")["Id"]
        self.environment = self._environment()
        self.profile = self.add_profile("flags")
        self.at_once = self.strategy(minutes=0, bake=0)
        self.opened: list[OneHost[HostedConfiguration]] = []

    def _environment(self) -> str:
        made = self.client.create_environment(ApplicationId=self.application, Name="production")
        return str(made["Id"])

    def add_profile(self, name: str, where: str = "hosted") -> str:
        made = self.client.create_configuration_profile(
            ApplicationId=self.application, Name=name, LocationUri=where
        )
        return str(made["Id"])

    def strategy(self, minutes: int, bake: int) -> str:
        made = self.client.create_deployment_strategy(
            Name=f"{minutes}-{bake}",
            DeploymentDurationInMinutes=minutes,
            FinalBakeTimeInMinutes=bake,
            GrowthFactor=50.0,
            ReplicateTo="NONE",
        )
        return str(made["Id"])

    def open(self, token: int = 1, by: str = "run-1", **changes: Any) -> HostedConfiguration:
        """Open it as a run would under a number."""
        described = {
            "kind": "appconfig",
            "name": "flags",
            "application_id": self.application,
            "environment_id": self.environment,
            "profile_id": self.profile,
            "strategy_id": self.at_once,
            "undo_strategy_id": self.at_once,
            "content": "flags.json",
            "region": REGION,
            "endpoint": self.server.endpoint,
            **changes,
        }
        self.opened.append(open_target(Configuration.model_validate(described), ACCESS, by, token))
        return self.opened[-1].host("flags")

    def versions(self) -> dict[int, str | None]:
        told = self.client.list_hosted_configuration_versions(
            ApplicationId=self.application, ConfigurationProfileId=self.profile
        )
        return {each["VersionNumber"]: each.get("VersionLabel") for each in told["Items"]}

    def add_version(self, content: bytes, label: str = "by-hand") -> int:
        made = self.client.create_hosted_configuration_version(
            ApplicationId=self.application,
            ConfigurationProfileId=self.profile,
            Content=content,
            ContentType="application/json",
            VersionLabel=label,
        )
        return int(made["VersionNumber"])

    def begin(self, version: int, profile: str = "", strategy: str = "", note: str = "") -> int:
        """Deploy a version as others would, or a process of ours that died then."""
        made = self.client.start_deployment(
            ApplicationId=self.application,
            EnvironmentId=self.environment,
            ConfigurationProfileId=profile or self.profile,
            ConfigurationVersion=str(version),
            DeploymentStrategyId=strategy or self.at_once,
            Description=note,
        )
        return int(made["DeploymentNumber"])

    def deployments(self) -> list[dict[str, Any]]:
        listed = self.client.list_deployments(ApplicationId=self.application, EnvironmentId=self.environment)
        return [self.deployment(each["DeploymentNumber"]) for each in listed["Items"]]

    def deployment(self, number: int) -> dict[str, Any]:
        told = self.client.get_deployment(
            ApplicationId=self.application, EnvironmentId=self.environment, DeploymentNumber=number
        )
        return dict(told)

    def stop(self, number: int) -> None:
        self.client.stop_deployment(
            ApplicationId=self.application, EnvironmentId=self.environment, DeploymentNumber=number
        )

    def served(self) -> Any:
        """Give what a reader gets now; None when there is nothing."""
        data = self.server.client("appconfigdata")
        session = data.start_configuration_session(
            ApplicationIdentifier=self.application,
            EnvironmentIdentifier=self.environment,
            ConfigurationProfileIdentifier=self.profile,
        )
        told = data.get_latest_configuration(ConfigurationToken=session["InitialConfigurationToken"])
        content = told["Configuration"].read()
        return json.loads(content) if content else None


@pytest.fixture
def flags(ministack: Ministack, one_session: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flags]:
    ministack.reset()
    monkeypatch.setattr(rollout, "PAUSE", 0.01)
    made = Flags(ministack)
    yield made
    for each in made.opened:
        each.close()


@pytest.fixture
def network(ministack: Ministack) -> Iterator[Network]:
    with disturbed(ministack.endpoint) as found:
        yield found


@pytest.fixture
def first(build: Build) -> Artifact:
    return build({"flags.json": b'{"new": 1}', "else": b"x"})


@pytest.fixture
def second(build: Build, first: Artifact) -> Artifact:
    return build({"flags.json": b'{"new": 2}'})


def note(deployment: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(deployment["Description"])
    assert isinstance(found, dict)
    return found


def test_dark_after_deploy(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """The release is a version with its name, and nobody is brought it."""
    host = flags.open()
    assert host.deploy(first, store).said == f"{first.release_name} is version 1"
    assert flags.versions() == {1: first.release_name}
    assert (flags.deployments(), flags.served()) == ([], None)
    facts = host.facts()
    assert (facts.live, facts.releases, facts.obstacle) == (None, (first.release_name,), None)
    assert facts.notes == (f"it is at {flags.server.endpoint}, not at AWS",)


def test_live_after_switch_and_undo(
    flags: Flags, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """A deployment brings a release to who reads it, another one brings the release before back."""
    host, old, new = flags.open(token=7), first.release_name, second.release_name
    for number, artifact in enumerate((first, second), start=1):
        host.deploy(artifact, store)
        said = host.switch(artifact.release_name).said
        assert said == f"{artifact.release_name} is live (deployment {number})"
        assert flags.served() == {"new": number}
    expected = {"release": new, "fence": 7, "by": "run-1", "digest": None, "origin": None}
    assert note(flags.deployment(2)) == expected
    facts = host.facts()
    assert (facts.live, facts.fence, facts.releases) == (new, 7, (old, new))
    assert host.switch(old).said == f"{old} is live (deployment 3)"
    assert (flags.served(), host.facts().live) == ({"new": 1}, old)
    with pytest.raises(PolicyRefused, match="AppConfig cannot take one away"):
        host.switch(None)
    assert len(flags.deployments()) == 3


def test_what_was_there_before_comes_back(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """What others had deployed before Sendoff is brought back when the first release is undone."""
    flags.begin(flags.add_version(b'{"new": 0}'))
    host = flags.open()
    assert "version 1 is live, which is no release of Sendoff's" in host.facts().notes
    host.deploy(first, store)
    host.switch(first.release_name)
    assert note(flags.deployment(2))["origin"] == 1
    assert host.switch(None).said == "none is live (deployment 3)"
    assert (flags.served(), host.facts().live) == ({"new": 0}, None)
    assert host.switch(None).said == "none is live already"


def test_a_second_time_is_a_no_op(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """What is so already is not done again, and says so."""
    host, name = flags.open(), first.release_name
    assert host.switch(None).said == "none is live already"
    host.deploy(first, store)
    host.switch(name)
    outcome = host.deploy(first, store)
    assert (outcome.changed, outcome.said) == (False, f"{name} is version 1 already")
    outcome = host.switch(name)
    assert (outcome.changed, outcome.said) == (False, f"{name} is live already")
    assert (len(flags.deployments()), len(flags.versions())) == (1, 1)


def test_other_content_of_a_release(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """A version that is not what the release holds is made anew while dark, and left when live."""
    flags.add_version(b'{"new": 9}', first.release_name)
    said = flags.open().deploy(first, store).said
    assert said == f"{first.release_name} is version 2; what was there had other content"
    flags.open().switch(first.release_name)
    with pytest.raises(PolicyRefused, match="is live, or on its way, expected a dark one"):
        flags.open(content_type="application/x-json").deploy(first, store)


def test_half_way_goes_on(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """A deployment that a process had begun which died is waited for, and none is begun beside it."""
    host = flags.open()
    host.deploy(first, store)
    slow = flags.strategy(minutes=10, bake=0)
    flags.begin(1, strategy=slow, note=json.dumps({"release": first.release_name, "fence": 1, "by": "x"}))
    with pytest.raises(StepErrored, match=r"not through in 0\.05 s \(deployment 1: 0 %\).*`deploy_timeout`"):
        flags.open(deploy_timeout=0.05).switch(first.release_name)
    assert "deployment 1 is under way: DEPLOYING, 0 %" in host.facts().notes
    assert (len(flags.deployments()), host.facts().live) == (1, None)


@pytest.mark.parametrize("bake", [0, 10], ids=["on its way", "watched"])
def test_undone_half_way(
    flags: Flags, first: Artifact, second: Artifact, store: ArtifactStore, bake: int
) -> None:
    """Undoing what is not through yet stops it, which brings back what was there."""
    host = flags.open()
    for artifact in (first, second):
        host.deploy(artifact, store)
    host.switch(first.release_name)
    slow = flags.strategy(minutes=0 if bake else 10, bake=bake)
    with pytest.raises(StepErrored, match="not through"):
        flags.open(strategy_id=slow, deploy_timeout=0.05).switch(second.release_name)
    assert host.facts().live == (second if bake else first).release_name
    with pytest.raises(PolicyRefused, match="on its way"):
        host.remove(second.release_name)
    assert host.switch(first.release_name).said == f"{first.release_name} is live (deployment 1)"
    assert flags.served() == {"new": 1}
    assert [each["State"] for each in flags.deployments()] == ["COMPLETE", "ROLLED_BACK"]


def test_the_first_one_is_undone_half_way(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """The first release can be taken away as long as it is not through."""
    slow = flags.strategy(minutes=10, bake=0)
    host = flags.open(strategy_id=slow, deploy_timeout=0.05)
    host.deploy(first, store)
    with pytest.raises(StepErrored, match="not through"):
        host.switch(first.release_name)
    assert flags.open().switch(None).said == "none is live"
    assert flags.served() is None


def test_back_is_not_waited_for(
    flags: Flags, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """An earlier release counts as soon as all readers have it, though AppConfig watches on."""
    host = flags.open(undo_strategy_id="AppConfig.AllAtOnce", deploy_timeout=0.2)
    for artifact in (first, second):
        host.deploy(artifact, store)
        host.switch(artifact.release_name)
    said = host.switch(first.release_name).said
    assert said == f"{first.release_name} is live (deployment 3, which AppConfig still watches)"
    assert (flags.served(), host.facts().live) == ({"new": 1}, first.release_name)
    host.switch(first.release_name)
    assert len(flags.deployments()) == 3


def test_rolled_back(
    flags: Flags, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What AppConfig rolls back is a verdict, with its own words, and is not deployed again."""
    host = flags.open(strategy_id=flags.strategy(minutes=10, bake=0))
    host.deploy(first, store)
    monkeypatch.setattr(host._rollout, "_sleep", lambda seconds: flags.stop(1))
    with pytest.raises(CheckFailed, match=r"deployment 1 was rolled back by AppConfig \(Rollback completed"):
        host.switch(first.release_name)
    assert len(flags.deployments()) == 1


@pytest.mark.parametrize("which", ["this profile", "another profile"])
def test_others_deploy(flags: Flags, first: Artifact, store: ArtifactStore, which: str) -> None:
    """A deployment of others is neither stopped nor waited for."""
    host = flags.open()
    host.deploy(first, store)
    profile = flags.profile if which == "this profile" else flags.add_profile("more")
    flags.begin(1, profile=profile, strategy=flags.strategy(minutes=10, bake=0))
    with pytest.raises(
        StepErrored, match=r"others began deployment 1 in that environment \(DEPLOYING, 0 %\)"
    ):
        host.switch(first.release_name)
    assert [each["State"] for each in flags.deployments()] == ["DEPLOYING"]


def test_another_profile_is_none_of_ours(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """What is complete of another profile says nothing of ours, and does not stand in the way."""
    flags.begin(1, profile=flags.add_profile("more"))
    host = flags.open()
    assert host.facts().live is None
    host.deploy(first, store)
    assert host.switch(first.release_name).said == f"{first.release_name} is live (deployment 2)"


CHANGES: dict[str, Callable[[HostedConfiguration, Artifact, ArtifactStore], object]] = {
    "deploy": lambda host, artifact, store: host.deploy(artifact, store),
    "switch": lambda host, artifact, store: host.switch(artifact.release_name),
    "take away": lambda host, artifact, store: host.switch(None),
    "remove": lambda host, artifact, store: host.remove(artifact.release_name),
    "prune": lambda host, artifact, store: host.prune(2, frozenset()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_smaller_number_is_refused(
    flags: Flags, first: Artifact, second: Artifact, store: ArtifactStore, change: str
) -> None:
    """Once a larger number went live, a smaller one changes nothing, and no number at all neither."""
    for artifact in (first, second):
        flags.open(token=5).deploy(artifact, store)
    flags.open(token=5).switch(first.release_name)
    before = flags.versions(), len(flags.deployments())
    with pytest.raises(Fenced, match="it has seen number 5, which is larger than ours"):
        CHANGES[change](flags.open(token=4), second, store)
    with pytest.raises(StepErrored, match="was given no number"):
        CHANGES[change](flags.open(token=0), second, store)
    assert (flags.versions(), len(flags.deployments())) == before


def test_a_writer_that_was_asleep(
    flags: Flags, first: Artifact, second: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who had looked before a larger number deployed begins nothing: AppConfig compares the newest number."""
    for artifact in (first, second):
        flags.open().deploy(artifact, store)
    flags.open().switch(first.release_name)
    slow, fast, woken = flags.open(), flags.open(token=2, by="run-2"), []
    start = slow._service.start

    def late(*asked: Any) -> int:
        if not woken:
            woken.append(fast.switch(second.release_name))
            fast.switch(first.release_name)
        return start(*asked)

    monkeypatch.setattr(slow._service, "start", late)
    with pytest.raises(Fenced):
        slow.switch(second.release_name)
    assert flags.served() == {"new": 1}
    assert len(flags.deployments()) == 3


def test_versions_of_others_meanwhile(
    flags: Flags, first: Artifact, store: ArtifactStore, network: Network
) -> None:
    """When AWS says that somebody made a version meanwhile, we look again before we make ours."""
    network.once("POST", (409, "ConflictException"), having="hostedconfigurationversions")
    host = flags.open(endpoint=network.endpoint)
    assert host.deploy(first, store).said == f"{first.release_name} is version 1"
    assert len([each for each in network.seen if each.startswith("POST")]) == 2
    network.once("POST", (409, "ConflictException"), times=100, having="hostedconfigurationversions")
    host.remove(first.release_name)
    with pytest.raises(StepErrored, match="others wrote versions 8 times meanwhile"):
        host.deploy(first, store)
    assert flags.versions() == {}


def test_remove_and_prune(flags: Flags, build: Build, store: ArtifactStore) -> None:
    """The oldest go, never the live one nor those to spare, nor versions of others."""
    host, other = flags.open(), flags.add_version(b"{}")
    made = [build({"flags.json": b"%d" % number}) for number in range(6)]
    for artifact in made:
        host.deploy(artifact, store)
    names = [artifact.release_name for artifact in made]
    host.switch(names[0])
    with pytest.raises(PolicyRefused, match="is live, or on its way"):
        host.remove(names[0])
    assert host.remove(names[5]).said == f"removed {names[5]}"
    assert host.remove(names[5]).said == "gone already"
    assert host.prune(3, frozenset({names[1]})).said == f"removed {names[2]}, {names[3]}"
    assert host.prune(3, frozenset({names[1]})).said == "nothing to remove"
    assert set(flags.versions()) == {other, 2, 3, 6}


@pytest.mark.parametrize(
    ("files", "changes", "said"),
    [
        ({"flags.json": b"{"}, {}, r"'flags.json' of 1\.1-\w+ is no JSON"),
        ({"else": b"{}"}, {}, "'flags.json' of .* is not there, expected a file of at most 4 MiB"),
        ({"flags.json": bytes(5 << 20)}, {}, "is too large, expected a file of at most 4 MiB"),
        ({"flags.json": "else", "else": b"{}"}, {}, "is not there, expected a file"),
    ],
    ids=["no JSON", "missing", "large", "link"],
)
def test_what_is_no_configuration(
    flags: Flags, build: Build, store: ArtifactStore, files: Any, changes: Any, said: str
) -> None:
    """What AppConfig would not take, or nobody could read, is refused before anything is written."""
    with pytest.raises(PolicyRefused, match=said):
        flags.open(**changes).deploy(build(files), store)
    assert flags.versions() == {}


@pytest.mark.parametrize(
    ("method", "having"), [("POST", "/deployments"), ("DELETE", "/deployments/")], ids=["deploy", "stop one"]
)
def test_who_may_not_deploy(flags: Flags, network: Network, method: str, having: str) -> None:
    """Preflight learns that we may not deploy, or undo, before any change; to ask changes nothing."""
    network.once(method, (403, "AccessDeniedException"), having=having)
    host = flags.open(endpoint=network.endpoint)
    said = str(host.facts().obstacle)
    assert host.facts().obstacle is None
    asked = len(network.seen)
    assert host.facts().obstacle is None
    assert "appconfig:StartDeployment and appconfig:StopDeployment" in said
    assert {each.partition(" ")[0] for each in network.seen[asked:]} == {"GET"}
    assert flags.deployments() == []


def test_a_server_that_deploys_anything(flags: Flags, network: Network) -> None:
    """It is not released to."""
    network.once("POST", (200, ""), having="/deployments")
    said = str(flags.open(endpoint=network.endpoint).facts().obstacle)
    assert "deploys a version that is not there" in said


def test_other_types_are_taken_as_they_are(flags: Flags, build: Build, store: ArtifactStore) -> None:
    """Only what says that it is JSON has to be JSON."""
    assert flags.open(content_type="text/plain").deploy(build({"flags.json": b"{"}), store).changed


def test_a_long_name_is_refused(flags: Flags, first: Artifact, store: ArtifactStore) -> None:
    """A version that cannot be part of a label is refused."""
    with pytest.raises(PolicyRefused, match="too long for the label of a version"):
        flags.open().deploy(first.model_copy(update={"version": "1" * 60}), store)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"profile_id": "none123"}, "correct the identifiers in the release file"),
        ({"strategy_id": "none123"}, "correct the identifiers in the release file"),
        ({"account": "123456789012"}, "would be asked in place of AWS"),
    ],
    ids=["profile", "strategy", "account"],
)
def test_what_stands_in_the_way(flags: Flags, changes: Any, said: str) -> None:
    """Preflight tells what is not there, and which account would be asked."""
    try:
        told = str(flags.open(**changes).facts().obstacle)
    except PolicyRefused as error:
        told = str(error)
    assert said in told


def test_a_profile_of_another_kind(flags: Flags) -> None:
    """A profile whose content lies elsewhere is none that releases are written to."""
    profile = flags.add_profile("elsewhere", "ssm-parameter://flags")
    told = flags.open(profile_id=profile).facts().obstacle
    assert "lies in ssm-parameter://flags, expected AppConfig to host it" in str(told)


def test_what_is_not_there(flags: Flags) -> None:
    """What was not deployed does not go live, and nothing runs."""
    with pytest.raises(PolicyRefused, match="deploy it first"):
        flags.open().switch("1.0-0123456789ab")
    with pytest.raises(PolicyRefused, match="a configuration has no host"):
        flags.open().run(["true"], "x", 1, {})
