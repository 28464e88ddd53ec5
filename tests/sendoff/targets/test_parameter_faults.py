"""A network that fails at each request to the Parameter Store, and processes killed at each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.objects.s3.client import TRIES
from sendoff.spec.cloud import Parameter
from sendoff.store import ArtifactStore
from sendoff.targets import connection
from sendoff.targets.parameter.parameter import ParameterValue, open_target
from tests.kit.emulators import REGION, Ministack
from tests.kit.faults import Deed, every_request, undisturbed
from tests.kit.killing import every_kill, killing
from tests.kit.network import Fault, Network, disturbed
from tests.sendoff.targets.killed import ACCESS

Build = Callable[..., Artifact]

FAULTS: list[tuple[int, Fault]] = [
    (1, "late"),
    (1, "lost"),
    (1, (500, "InternalServerError")),
    (TRIES, "dropped"),
    (TRIES, "lost"),
    (TRIES, "late"),
    (TRIES, "throttled"),
]
"""How often botocore tries, and what befalls one of its tries."""

NAME, BEFORE = "/shop/live", "by hand"
KILLER = "tests.sendoff.targets.killed:prepare"

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws-pointers")]


def described(endpoint: str, name: str = NAME) -> dict[str, Any]:
    return {
        "kind": "parameter",
        "name": "flag",
        "parameter": name,
        "region": REGION,
        "endpoint": endpoint,
    }


def stored(client: Any, name: str = NAME) -> dict[str, str]:
    """Give all values by what stands after the parameter's name."""
    pages = client.get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
    found = {each["Name"]: each["Value"] for page in pages for each in page["Parameters"]}
    return {path.removeprefix(name): value for path, value in found.items() if path.startswith(name)}


class Story:
    """A parameter that shows an old release; a deed leaves what the next one begins with."""

    def __init__(
        self, server: Ministack, network: Network, old: Artifact, new: Artifact, store: ArtifactStore
    ) -> None:
        self.network, self.client = network, server.client("ssm")
        self.old, self.new, self.live, self.token = old.release_name, new.release_name, BEFORE, 0
        self.client.put_parameter(Name=NAME, Value=BEFORE, Type="String", Description="Ada's", Overwrite=True)
        self.deploy = self.deed(lambda host: host.deploy(new, store), {self.old, self.new})
        self.remove = self.deed(lambda host: host.remove(self.new), {self.old})
        self.forward = self.deed(lambda host: host.switch(self.new), {self.old, self.new}, self.new)
        self.back = self.deed(lambda host: host.switch(self.old), {self.old, self.new}, self.old)
        self.leave = self.deed(lambda host: host.switch(None), {self.old, self.new}, BEFORE)
        undisturbed(self.deed(lambda host: host.deploy(old, store), {self.old}), network)
        undisturbed(self.deed(lambda host: host.switch(self.old), {self.old}, self.old), network)

    def deed(self, do: Callable[[ParameterValue], object], releases: set[str], live: str = "") -> Deed:
        """Have it done under the next number, and see what has to be there then, and live."""

        def begin() -> Callable[[], object]:
            self.token += 1
            target = Parameter.model_validate(described(self.network.endpoint))
            host = open_target(target, ACCESS, "run", self.token).host("flag")
            return lambda: do(host)

        def see() -> None:
            self.live = live or self.live
            assert {"/origin": BEFORE, **stored(self.client)} == {
                "": self.live,
                "/origin": BEFORE,
                f"/fence/{self.token}": "run",
                **{f"/releases/{name}": name for name in releases},
            }
            if live:
                self.see_note()

        return Deed(begin, see)

    def see_note(self) -> None:
        only = [{"Key": "Name", "Option": "Equals", "Values": [NAME]}]
        note = self.client.describe_parameters(ParameterFilters=only)["Parameters"][0]["Description"]
        if self.live == BEFORE:
            assert note == "Ada's"
        else:
            assert (json.loads(note)["release"], json.loads(note)["fence"]) == (self.live, self.token)


@pytest.fixture
def network(ministack: Ministack, one_session: None) -> Iterator[Network]:
    ministack.reset()
    with disturbed(ministack.endpoint) as found:
        yield found


@pytest.mark.parametrize(("tries", "fault"), FAULTS, ids=lambda each: str(each).replace(" ", ""))
def test_each_request_fails(
    ministack: Ministack,
    network: Network,
    build: Build,
    store: ArtifactStore,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
    tries: int,
    fault: Fault,
) -> None:
    """Whichever request fails and however, it ends right or as broken machinery, and a repeat comes right."""
    config = connection.CONFIG.merge(type(connection.CONFIG)(retries={"total_max_attempts": tries}))
    monkeypatch.setattr(connection, "CONFIG", config)
    story = Story(ministack, network, build({"a": b"old"}), build({"a": b"new"}), store)
    tally = every_request([story.deploy, story.remove], network, fault)
    undisturbed(story.deploy, network)
    tally += every_request([story.forward, story.back], network, fault)
    tally += every_request([story.leave, story.back], network, fault)
    assert tally.points > 40
    assert tally.errors == (tally.points if tries == 1 else 0)


def test_killed_at_each_request(ministack: Ministack, build: Build, store: ArtifactStore) -> None:
    """Killed before a request or after its answer, what is there is never half, and the next one ends it."""
    ministack.reset()
    artifact, client, names = build({"a": b"x"}), ministack.client("ssm"), [""]
    release = artifact.release_name
    what = {"artifact": artifact.model_dump(mode="json"), "store": str(store.objects.root)}  # type: ignore[attr-defined]  # it is a folder

    def begin(name: str) -> list[Any]:
        names.append(f"/shop/{name}")
        return [described(ministack.endpoint, names[-1])]

    def see() -> None:
        before = stored(client, names[-1])
        assert before.keys() <= {"", "/fence/1", f"/releases/{release}"}
        assert before.get("", release) == release
        target = Parameter.model_validate(described(ministack.endpoint, names[-1]))
        with open_target(target, ACCESS, "run-2", 2) as opened:
            host = opened.host("flag")
            assert host.facts().live == (release if "" in before else None)
            host.deploy(artifact, store)
            host.switch(release)
        assert stored(client, names[-1]) == {
            "": release,
            "/fence/2": "run-2",
            f"/releases/{release}": release,
        }

    with killing(KILLER, what) as kills:
        assert every_kill(kills, begin, see) > 30
