"""A value in the Parameter Store of two emulators: what each method promises, seen in what is stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.objects.s3.address import Access, Credentials
from sendoff.spec.cloud import Parameter
from sendoff.store import ArtifactStore
from sendoff.targets.one_host import OneHost
from sendoff.targets.parameter import shelf
from sendoff.targets.parameter.parameter import ParameterValue, open_target
from tests.kit.emulators import REGION, Emulator
from tests.kit.network import disturbed

Build = Callable[..., Artifact]

NAME = "/shop/live"
ACCESS = Access(key=Credentials(access_key_id="AKIDEMULATED", secret_access_key=SecretStr("secret")))

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws-pointers")]


class Store:
    """A parameter in an emulator, and a look at what is there past all that guards it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator, self.client = emulator, emulator.client("ssm")
        self.opened: list[OneHost[ParameterValue]] = []

    def open(self, token: int = 1, by: str = "run-1", **changes: Any) -> ParameterValue:
        """Open it as a run would under a number."""
        described = {
            "kind": "parameter",
            "name": "flag",
            "parameter": NAME,
            "region": REGION,
            "endpoint": self.emulator.endpoint,
            **changes,
        }
        self.opened.append(open_target(Parameter.model_validate(described), ACCESS, by, token))
        return self.opened[-1].host("flag")

    def all(self) -> dict[str, tuple[str, int]]:
        """Give all values and their versions, by what stands after the parameter's name."""
        pages = self.client.get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True)
        return {
            each["Name"].removeprefix(NAME): (each["Value"], each["Version"])
            for page in pages
            for each in page["Parameters"]
        }

    def value(self) -> str | None:
        return self.all().get("", (None, 0))[0]

    def note(self) -> dict[str, Any]:
        """Give the note in the description of the live value."""
        last = self.client.get_parameter_history(Name=NAME)["Parameters"][-1]
        found = json.loads(last["Description"])
        assert isinstance(found, dict)
        return found


@pytest.fixture
def place(emulator: Emulator, one_session: None) -> Iterator[Store]:
    made = Store(emulator)
    yield made
    for each in made.opened:
        each.close()


@pytest.fixture
def first(build: Build) -> Artifact:
    return build({"a": b"one"})


@pytest.fixture
def second(build: Build, first: Artifact) -> Artifact:
    return build({"a": b"two"})


def test_dark_after_deploy(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """The release's value lies beside the live one, which is neither made nor touched."""
    host, name = place.open(token=7, value="v{version} ({release})"), first.release_name
    assert host.deploy(first, store).said == f"{name} is there"
    assert {path: value for path, (value, _) in place.all().items()} == {
        f"/releases/{name}": f"v1.1 ({name})",
        "/fence/7": "run-1",
    }
    facts = host.facts()
    assert (facts.live, facts.releases, facts.fence, facts.obstacle) == (None, (name,), 7, None)
    assert facts.notes == (f"it is at {place.emulator.endpoint}, not at AWS",)


def test_live_after_switch_and_undo(
    place: Store, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """One write moves value and note; undo shows the value before, and in the end there is none as before."""
    host, old, new = place.open(token=7), first.release_name, second.release_name
    for artifact in (first, second):
        host.deploy(artifact, store)
        assert host.switch(artifact.release_name).changed
    assert place.value() == new
    assert place.note() == {"release": new, "before": old, "fence": 7, "by": "run-1", "origin": False}
    assert place.all()[""][1] == 2
    assert host.facts().live == new
    assert host.switch(old).said == f"{old} is live, before: {new}"
    assert place.value() == old
    assert host.switch(None).said == f"none is live, before: {old}"
    assert host.switch(None).said == "none is live already"
    assert place.value() is None
    assert host.facts().live is None
    assert host.switch(new).said == f"{new} is live, before: none"


def test_what_was_there_before_comes_back(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """A value from before Sendoff, with its description, is what undoing the first release shows."""
    place.client.put_parameter(Name=NAME, Value="by hand", Type="String", Description="Ada's")
    for _ in range(2):
        host = place.open()
        assert host.facts().live is None
        host.deploy(first, store)
        assert host.switch(first.release_name).changed
        assert (place.value(), place.note()["origin"]) == (first.release_name, True)
        assert host.switch(None).changed
        last = place.client.get_parameter_history(Name=NAME)["Parameters"][-1]
        assert (last["Value"], last["Description"]) == ("by hand", "Ada's")
    place.open().switch(first.release_name)
    place.client.delete_parameter(Name=f"{NAME}/origin")
    with pytest.raises(PolicyRefused, match="the value from before Sendoff is gone"):
        place.open().switch(None)


def test_a_second_time_is_a_no_op(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """What is so already is not done again, and says so."""
    host, name = place.open(), first.release_name
    host.deploy(first, store)
    host.switch(name)
    before = place.all()
    outcome = host.deploy(first, store)
    assert (outcome.changed, outcome.said) == (False, f"{name} is there already")
    outcome = host.switch(name)
    assert (outcome.changed, outcome.said) == (False, f"{name} is live already")
    assert place.all() == before


def test_changed_by_hand(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """A live value that somebody changed is told, and mended by going live again."""
    host, name = place.open(), first.release_name
    host.deploy(first, store)
    host.switch(name)
    place.client.put_parameter(Name=NAME, Value="other", Overwrite=True)
    assert f"its value is not that of {name}: somebody else has changed it" in host.facts().notes
    assert host.switch(name).changed
    assert place.value() == name


def test_another_value_of_a_release(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """A dark release gets the value that the release file has now; that of a live one stays."""
    place.open().deploy(first, store)
    said = place.open(value="now {version}").deploy(first, store).said
    assert said == f"{first.release_name} is there; what was there was another value"
    place.open().switch(first.release_name)
    assert place.value() == "now 1.1"
    with pytest.raises(PolicyRefused, match="is live and no longer what was put there"):
        place.open().deploy(first, store)


CHANGES: dict[str, Callable[[ParameterValue, Artifact, ArtifactStore], object]] = {
    "deploy": lambda host, artifact, store: host.deploy(artifact, store),
    "switch": lambda host, artifact, store: host.switch(artifact.release_name),
    "take away": lambda host, artifact, store: host.switch(None),
    "remove": lambda host, artifact, store: host.remove(artifact.release_name),
    "prune": lambda host, artifact, store: host.prune(2, frozenset()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_smaller_number_is_refused(
    place: Store, first: Artifact, store: ArtifactStore, change: str
) -> None:
    """Once a larger number was seen, a smaller one changes nothing, and no number at all neither."""
    place.open(token=5).deploy(first, store)
    before = place.all()
    with pytest.raises(Fenced, match="it has seen number 5, which is larger than ours"):
        CHANGES[change](place.open(token=4), first, store)
    with pytest.raises(StepErrored, match="was given no number"):
        CHANGES[change](place.open(token=0), first, store)
    assert place.all() == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_larger_number_is_left_there(
    place: Store, first: Artifact, store: ArtifactStore, change: str
) -> None:
    """Every change leaves its number first, in the place of smaller ones."""
    host = place.open(token=5)
    host.deploy(first, store)
    host.switch(first.release_name)
    try:
        CHANGES[change](place.open(token=16), first, store)
    except PolicyRefused:
        assert change == "remove"
    assert [path for path in place.all() if "/fence/" in path] == ["/fence/16"]
    with pytest.raises(Fenced):
        host.switch(first.release_name)


@pytest.mark.parametrize("others", ["switch", "leave", "origin"])
def test_a_writer_that_was_asleep(
    place: Store,
    first: Artifact,
    second: Artifact,
    store: ArtifactStore,
    monkeypatch: pytest.MonkeyPatch,
    others: str,
) -> None:
    """Who had read before a larger number came, and writes after it, sees that and puts it back."""
    if others == "origin":
        place.client.put_parameter(Name=NAME, Value="by hand", Type="String", Description="Ada's")
    for artifact in (first, second):
        place.open().deploy(artifact, store)
    place.open().switch(first.release_name)
    slow, fast, woken = place.open(), place.open(token=2, by="run-2"), []
    put = slow._shelf.put

    def late(name: str, value: str, note: str) -> int:
        if not woken:
            woken.append(fast.switch(first.release_name))
            fast.switch(second.release_name if others == "switch" else None)
            woken.append(place.all()[""][0] if "" in place.all() else None)
        return put(name, value, note)

    monkeypatch.setattr(slow._shelf, "put", late)
    with pytest.raises(Fenced):
        slow.switch(second.release_name)
    expected = {"switch": second.release_name, "leave": None, "origin": "by hand"}[others]
    assert place.value() == woken[1] == expected
    if others == "switch":
        assert (place.note()["by"], place.note()["fence"]) == ("run-2", 2)


def test_a_first_writer_that_was_asleep(
    place: Store, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a value stay that a smaller number made where there is none."""
    place.open().deploy(first, store)
    slow, fast = place.open(), place.open(token=2)
    put_new = slow._shelf.put_new

    def late(name: str, value: str, note: str = "") -> bool:
        fast.switch(None)
        return put_new(name, value, note)

    monkeypatch.setattr(slow._shelf, "put_new", late)
    with pytest.raises(Fenced):
        slow.switch(first.release_name)
    assert place.value() is None


def test_by_hand_meanwhile(
    place: Store, first: Artifact, second: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who changes the value between our look and our write is written over, which is told."""
    for artifact in (first, second):
        place.open().deploy(artifact, store)
    host = place.open()
    host.switch(first.release_name)
    put = host._shelf.put

    def late(name: str, value: str, note: str) -> int:
        place.client.put_parameter(Name=NAME, Value="other", Overwrite=True)
        return put(name, value, note)

    monkeypatch.setattr(host._shelf, "put", late)
    assert host.switch(second.release_name).said == (
        f"{second.release_name} is live, before: {first.release_name}; what others wrote meanwhile was "
        "written over"
    )


def test_two_writers(place: Store, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """Of two that switch at once, the value and its note are one's; the smaller number does not stand."""
    for artifact in (first, second):
        place.open().deploy(artifact, store)
    for token in (2, 4, 6):
        hosts = [place.open(token=token), place.open(token=token + 1)]
        start, refused = threading.Barrier(2), []

        def switch(
            host: ParameterValue,
            artifact: Artifact,
            start: threading.Barrier = start,
            refused: list[str] = refused,
        ) -> None:
            start.wait()
            try:
                host.switch(artifact.release_name)
            except Fenced:
                refused.append(artifact.release_name)

        pairs = zip(hosts, (first, second), strict=True)
        threads = [threading.Thread(target=switch, args=pair) for pair in pairs]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert second.release_name not in refused
        assert (place.value(), place.note()["fence"]) == (second.release_name, token + 1)
        hosts[1].switch(first.release_name)


def test_remove_and_prune(place: Store, build: Build, store: ArtifactStore) -> None:
    """The oldest go, never the live one nor those to spare; what is gone is gone already."""
    host = place.open()
    made = [build({"a": b"%d" % number}) for number in range(13)]
    for artifact in made:
        host.deploy(artifact, store)
    names = [artifact.release_name for artifact in made]
    assert host.facts().releases == tuple(names)
    host.switch(names[0])
    with pytest.raises(PolicyRefused, match="it is live"):
        host.remove(names[0])
    assert host.remove(names[12]).said == f"removed {names[12]}"
    assert host.remove(names[12]).said == "gone already"
    assert host.prune(10, frozenset({names[1]})).said == f"removed {names[2]}, {names[3]}"
    assert host.prune(10, frozenset({names[1]})).said == "nothing to remove"
    assert set(host.facts().releases) == {*names[:2], *names[4:12]}


def test_what_is_not_there(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """What was not deployed, or was put there by others, does not go live."""
    with pytest.raises(PolicyRefused, match="deploy it first"):
        place.open().switch(first.release_name)
    place.client.put_parameter(Name=f"{NAME}/releases/{first.release_name}", Value="x", Type="String")
    with pytest.raises(PolicyRefused, match="was not put there by Sendoff"):
        place.open().switch(first.release_name)


def test_a_secret_is_refused(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """What is live is no secret: a SecureString is neither written over, nor passed over in preflight."""
    place.client.put_parameter(Name=NAME, Value="x", Type="SecureString")
    host = place.open()
    assert "the parameter is a SecureString" in str(host.facts().obstacle)
    host.deploy(first, store)
    with pytest.raises(PolicyRefused, match="the parameter is a SecureString"):
        host.switch(first.release_name)


@pytest.mark.parametrize("value", ["{release}" * 400, "{{{{ssm:other}}"], ids=["long", "reference"])
def test_a_value_that_is_none(place: Store, first: Artifact, store: ArtifactStore, value: str) -> None:
    """A value that the store does not take is refused before anything is written."""
    with pytest.raises(PolicyRefused, match="correct `value` in the release file"):
        place.open(value=value).deploy(first, store)
    assert place.all() == {}


def test_a_name_that_is_none(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """So is a version that cannot be part of a name."""
    with pytest.raises(PolicyRefused, match="give the version another name"):
        place.open().deploy(first.model_copy(update={"version": "1.0+x"}), store)
    assert place.all() == {}


def test_nothing_runs(place: Store) -> None:
    """A command is refused: there is no host."""
    with pytest.raises(PolicyRefused, match="a parameter has no host"):
        place.open().run(["true"], "x", 1, {})


def test_looking_changes_nothing(place: Store) -> None:
    """Facts of an empty place are that nothing is there, with a number or without."""
    for token in (0, 3):
        facts = place.open(token=token).facts()
        assert (facts.live, facts.releases, facts.fence, facts.obstacle) == (None, (), 0, None)
    assert place.all() == {}


def test_who_may_not_write(place: Store, first: Artifact, store: ArtifactStore) -> None:
    """Preflight learns that we may not write, as AWS answers in that case, and which rights it takes."""
    place.open().deploy(first, store)
    before = place.all()
    with disturbed(place.emulator.endpoint) as network:
        network.once("POST", (400, "AccessDeniedException"), having="PutParameter")
        obstacle = str(place.open(endpoint=network.endpoint).facts().obstacle)
    assert "AccessDeniedException" in obstacle
    assert "ssm:PutParameter" in obstacle
    assert place.all() == before


def test_an_account_is_at_aws(place: Store) -> None:
    """Where an account is named, no other server is asked in its place; without a number nobody is asked."""
    assert "would be asked in place of AWS" in str(place.open(account="123456789012").facts().obstacle)
    assert place.open(account="123456789012", token=0).facts().obstacle is None


def test_never_twice_the_same(place: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that others change each time it is read is not believed; we do not look for ever."""
    place.client.put_parameter(Name=NAME, Value="0", Type="String")
    pauses: list[float] = []
    host = place.open()
    monkeypatch.setattr(host._shelf, "_sleep", pauses.append)
    client = host._shelf._client
    told = client.describe_parameters

    def changed(**asked: Any) -> Any:
        place.client.put_parameter(Name=NAME, Value="1", Overwrite=True)
        return told(**asked)

    monkeypatch.setattr(client, "describe_parameters", changed)
    with pytest.raises(StepErrored, match="was changed each time it was read"):
        host.facts()
    assert len(pauses) == shelf.TRIES - 1
