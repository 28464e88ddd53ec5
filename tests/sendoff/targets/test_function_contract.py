"""A function behind an alias in emulators of Lambda: what each method promises, seen past it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.objects.s3.faults import AccessRefused
from sendoff.store import ArtifactStore
from sendoff.targets.function import package
from sendoff.targets.function.api import FunctionApi
from sendoff.targets.function.function import Function
from sendoff.targets.protocol import InvokableTarget, ShiftingTarget
from tests.kit.functions import Functions, tree
from tests.kit.network import disturbed
from tests.kit.packing import packed

Build = Callable[..., Artifact]

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws-function")]


@pytest.fixture
def first(build: Build) -> Artifact:
    return build(tree("one"))


@pytest.fixture
def second(build: Build, first: Artifact) -> Artifact:
    return build(tree("two"))


def live_and_dark(place: Functions, first: Artifact, second: Artifact, store: ArtifactStore) -> Function:
    """Have the first live, and the second there."""
    target = place.target()
    for artifact in (first, second):
        target.deploy(artifact, store)
    target.switch(first.release_name)
    return target


def test_dark_after_deploy(both: Functions, first: Artifact, store: ArtifactStore) -> None:
    """The release is a version of its own, sealed by its description, and the alias stays where it was."""
    target, name = both.target(), first.release_name
    outcome = target.deploy(first, store)
    assert (outcome.changed, outcome.said) == (
        True,
        f"{name} is there, as version 2, its SHA-256 worked out by Lambda",
    )
    found = both.client.get_function_configuration(FunctionName=both.name, Qualifier="2")
    assert json.loads(found["Description"]) == {
        "release": name,
        "alias": "live",
        "digest": first.digest,
        "code": found["CodeSha256"],
    }
    assert (both.alias()["FunctionVersion"], both.weights()) == ("1", {})
    facts = target.facts()
    assert (facts.live, facts.releases, facts.fence, facts.canary) == (None, (name,), 1, None)
    assert facts.notes == (
        f"it is at {both.emulator.endpoint}, not at AWS",
        "the alias points to version 1, which Sendoff did not publish",
    )


def test_live_after_switch_and_undo(
    both: Functions, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """One write moves the alias and says so in it; going back is the version before, in the end the first."""
    old, new = first.release_name, second.release_name
    target = both.target(token=7)
    for artifact, version in ((first, "2"), (second, "3")):
        target.deploy(artifact, store)
        assert target.switch(artifact.release_name).changed
        assert both.alias()["FunctionVersion"] == version
    assert both.record() == {"release": new, "fence": 7, "origin": "1", "by": "run-1"}
    assert target.facts().live == new
    assert target.switch(old).said == f"{old} is live, before: {new}"
    assert (target.facts().live, both.alias()["FunctionVersion"]) == (old, "2")
    assert target.switch(None).said == f"version 1, which is not Sendoff's, is live, before: {old}"
    assert (target.facts().live, both.alias()["FunctionVersion"]) == (None, "1")


def test_a_second_time_is_a_no_op(both: Functions, first: Artifact, store: ArtifactStore) -> None:
    """What is so already is not done again, and says so."""
    target, name = both.target(), first.release_name
    target.deploy(first, store)
    target.switch(name)
    before = both.state()
    assert target.deploy(first, store).said == f"{name} is there already, as version 2"
    assert target.switch(name).said == f"{name} is live already"
    assert not target.deploy(first, store).changed
    assert not target.switch(name).changed
    assert both.state() == before


def test_each_release_is_a_version(both: Functions, build: Build, store: ArtifactStore) -> None:
    """A release with the files of another one is a version of its own, as its name is in its code."""
    target, made = both.target(), [build(tree("one")), build(tree("one"))]
    for artifact in made:
        assert target.deploy(artifact, store).changed
    assert made[0].digest == made[1].digest
    assert target.facts().releases == tuple(each.release_name for each in made)
    assert both.versions() == ["1", "2", "3"]


def test_a_canary_in_steps(both: Functions, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """Steps change the weight and nothing else; the switch to it gives it all, and clears the weights."""
    target = live_and_dark(both, first, second, store)
    new = second.release_name
    for weight in (1, 7, 29, 58, 99):
        assert target.shift(new, weight).said == f"{new} has {weight} % of the traffic"
        assert both.weights() == {"3": weight / 100}
        assert target.shift(new, weight).said == f"{new} has {weight} % of the traffic already"
        facts = target.facts()
        assert (facts.live, facts.canary, facts.weight) == (first.release_name, new, weight)
    assert target.switch(new).changed
    assert (both.alias()["FunctionVersion"], both.weights()) == ("3", {})
    assert (target.facts().canary, target.facts().weight) == (None, 0)


def test_a_canary_is_undone(both: Functions, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """Switching to what is live already ends a canary."""
    target = live_and_dark(both, first, second, store)
    target.shift(second.release_name, 10)
    assert target.switch(first.release_name).changed
    assert (both.alias()["FunctionVersion"], both.weights()) == ("2", {})
    assert not target.switch(first.release_name).changed


def test_a_canary_beside_what_was_there(both: Functions, first: Artifact, store: ArtifactStore) -> None:
    """The first release can be a canary too, beside the version from before Sendoff."""
    target = both.target()
    target.deploy(first, store)
    target.shift(first.release_name, 10)
    assert (both.alias()["FunctionVersion"], both.weights()) == ("1", {"2": 0.1})
    assert (target.facts().live, target.facts().canary) == (None, first.release_name)
    target.switch(None)
    assert (both.alias()["FunctionVersion"], both.weights()) == ("1", {})


@pytest.mark.parametrize("weight", [0, 100, 150, -1])
def test_no_such_weight(
    functions: Functions, first: Artifact, second: Artifact, store: ArtifactStore, weight: int
) -> None:
    """Nothing and all are no canary."""
    target = live_and_dark(functions, first, second, store)
    with pytest.raises(PolicyRefused, match="expected 1 to 99; switch to it for all"):
        target.shift(second.release_name, weight)
    assert functions.weights() == {}


def test_what_cannot_be_shifted(
    functions: Functions, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """The live release is no canary of itself, nor is one that is not there."""
    target = live_and_dark(functions, first, second, store)
    with pytest.raises(PolicyRefused, match="it is live, expected another release beside it"):
        target.shift(first.release_name, 10)
    with pytest.raises(PolicyRefused, match="9-0123456789ab is not there"):
        target.shift("9-0123456789ab", 10)
    assert functions.weights() == {}


def test_invoked_before_it_is_live(
    functions: Functions, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """A release runs its own code, dark or live; callers of the alias see the live one."""
    target = live_and_dark(functions, first, second, store)
    for artifact, says in ((first, "one"), (second, "two")):
        result = target.invoke(artifact.release_name, "{}", 30)
        assert (result.code, result.output) == (0, json.dumps(says))
        assert result.seconds > 0
    assert functions.answer() == "one"
    target.switch(second.release_name)
    assert functions.answer() == "two"
    target.switch(None)
    assert functions.answer() == "by hand"


CODE = b"""
import os
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no " + "x" * event["fail"])
    place = os.path.dirname(__file__)
    marker = open(os.path.join(place, ".sendoff.json")).read()
    return [event, context.function_version, marker]
"""


def test_what_is_invoked(functions: Functions, build: Build, store: ArtifactStore) -> None:
    """The code gets the payload, runs as its version, and can tell its release; what it raises is shown."""
    artifact = build({"app.py": CODE})
    target, name = functions.target(), artifact.release_name
    target.deploy(artifact, store)
    event, version, marker = json.loads(target.invoke(name, '{"a": "ü"}', 30).output)
    assert (event, version) == ({"a": "ü"}, "2")
    assert json.loads(marker) == {"release": name, "alias": "live", "digest": artifact.digest}
    result = target.invoke(name, '{"fail": 5000}', 30)
    assert (result.code, "no xxx" in result.output, len(result.output)) == (1, True, 2000)
    assert target.variant(name) == "2"
    with pytest.raises(PolicyRefused, match="9-0123456789ab is not there"):
        target.invoke("9-0123456789ab", "{}", 30)


def test_an_invocation_is_not_repeated(functions: Functions, build: Build, store: ArtifactStore) -> None:
    """An answer that is lost, or that comes too late, is broken machinery, and the code runs at most once."""
    artifact = build({"app.py": CODE})
    functions.target().deploy(artifact, store)
    with disturbed(functions.emulator.endpoint) as network:
        target = functions.target(endpoint=network.endpoint)
        for fault, patience in (("lost", 30.0), ((503, "ServiceException"), 30.0), (2.0, 0.5)):
            network.seen.clear()
            network.once("POST", fault, times=9, having="/invocations")  # type: ignore[arg-type]
            with pytest.raises(StepErrored, match="invoking version 2 failed"):
                target.invoke(artifact.release_name, "{}", patience)
            assert len([each for each in network.seen if "/invocations" in each]) == 1


def test_a_package_is_the_same_each_time(build: Build, store: ArtifactStore) -> None:
    """The zip follows from the release: its names, its bits, and no time."""
    artifact = build({"a": b"1" * 5000, "ü/b": b"2"}, executable=("a",))
    files = package.files_of("orders", artifact.release_name, store.manifest(artifact.digest))
    one, two = (package.package("orders", "live", artifact, files, store) for _ in range(2))
    assert one == two
    with package.zipfile.ZipFile(package.io.BytesIO(one.content)) as archive:
        found = {each.filename: each.external_attr >> 16 for each in archive.infolist()}
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("ü/b") == b"2"
    assert found == {".sendoff.json": 0o100644, "a": 0o100755, "ü/b": 0o100644}


@pytest.mark.parametrize(
    ("files", "limits", "said"),
    [
        ({"a": b"1", "latest": "a"}, {}, r"has links \('latest'\).*as a function has no links"),
        ({".sendoff.json": b"{}"}, {}, r"has a file '.sendoff.json', expected none"),
        ({"a": b"1" * 2000}, {"LARGEST_UNPACKED": 1000}, "or more, expected at most 0 MiB"),
        ({"a": bytes(range(256)) * 9}, {"LARGEST": 200}, "or more packed, expected at most 0 MiB"),
    ],
    ids=["links", "our marker", "large", "large when packed"],
)
def test_what_lambda_cannot_take(
    functions: Functions,
    build: Build,
    store: ArtifactStore,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, bytes | str | None],
    limits: dict[str, int],
    said: str,
) -> None:
    """It is refused, and nothing is published nor is the newest code changed."""
    for name, value in limits.items():
        monkeypatch.setattr(package, name, value)
    before = functions.state()
    with pytest.raises(PolicyRefused, match=said):
        functions.target().deploy(build(files), store)
    assert functions.state()[1:] == before[1:]


CHANGES: dict[str, Callable[[Function, Artifact, ArtifactStore], object]] = {
    "deploy": lambda target, artifact, store: target.deploy(artifact, store),
    "shift": lambda target, artifact, store: target.shift(artifact.release_name, 10),
    "switch": lambda target, artifact, store: target.switch(artifact.release_name),
    "take away": lambda target, artifact, store: target.switch(None),
    "remove": lambda target, artifact, store: target.remove(artifact.release_name),
    "prune": lambda target, artifact, store: target.prune(2, frozenset()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_smaller_number_is_refused(
    functions: Functions, first: Artifact, store: ArtifactStore, change: str
) -> None:
    """Once a larger number was seen, a smaller one changes nothing, and no number at all neither."""
    functions.target(token=5).deploy(first, store)
    before = functions.state()
    with pytest.raises(Fenced, match="it has seen number 5, which is larger than ours"):
        CHANGES[change](functions.target(token=4), first, store)
    with pytest.raises(StepErrored, match="was given no number"):
        CHANGES[change](functions.target(token=0), first, store)
    assert functions.state() == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_larger_number_is_left_there(
    functions: Functions, first: Artifact, store: ArtifactStore, change: str
) -> None:
    """Every change leaves its number first; what is live stays."""
    target = functions.target(token=5)
    target.deploy(first, store)
    target.switch(first.release_name)
    try:
        CHANGES[change](functions.target(token=6, by="run-2"), first, store)
    except PolicyRefused:
        assert change in ("remove", "shift")
    assert (functions.record()["fence"], functions.record()["by"]) == (6, "run-2")
    with pytest.raises(Fenced):
        target.switch(first.release_name)


@pytest.mark.parametrize("deed", ["take away", "shift"])
def test_a_writer_that_was_asleep(
    functions: Functions,
    first: Artifact,
    second: Artifact,
    store: ArtifactStore,
    monkeypatch: pytest.MonkeyPatch,
    deed: str,
) -> None:
    """A write by one that had read the alias before a larger number came does not count any more."""
    live_and_dark(functions, first, second, store)
    slow, fast = functions.target(), functions.target(token=2, by="run-2")
    write, woken = FunctionApi.write_alias, []

    def late(self: FunctionApi, *said: Any) -> bool:
        if self is slow._api and not woken:
            woken.append(fast.switch(second.release_name))
        return write(self, *said)

    monkeypatch.setattr(FunctionApi, "write_alias", late)
    with pytest.raises(Fenced):
        CHANGES[deed](slow, second, store)
    assert functions.record() == {"release": second.release_name, "fence": 2, "origin": "1", "by": "run-2"}
    assert (functions.alias()["FunctionVersion"], functions.weights()) == ("3", {})


@pytest.mark.parametrize("at", ["update_code", "publish"])
def test_a_deploy_that_was_asleep(
    functions: Functions,
    first: Artifact,
    second: Artifact,
    store: ArtifactStore,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    """A deploy that a larger number overtook sends nothing, and what it makes a version of is not live."""
    slow, fast = functions.target(), functions.target(token=2)
    change, woken = getattr(FunctionApi, at), []

    def late(self: FunctionApi, *said: Any) -> bool:
        if self is slow._api and not woken:
            woken.append(fast.deploy(second, store))
        return bool(change(self, *said))

    monkeypatch.setattr(FunctionApi, at, late)
    with pytest.raises(Fenced):
        slow.deploy(first, store)
    assert functions.target(token=2).facts().releases == (second.release_name,)
    assert functions.alias()["FunctionVersion"] == "1"


def test_two_writers(functions: Functions, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """Of two that switch at once, the alias is one's, whole; the one with the smaller number is refused."""
    live_and_dark(functions, first, second, store)
    for token in range(2, 8, 2):
        targets = [functions.target(token=token), functions.target(token=token + 1)]
        together(targets, lambda target, artifact: target.switch(artifact.release_name), (first, second))
        assert (functions.record()["release"], functions.record()["fence"]) == (
            second.release_name,
            token + 1,
        )
        assert functions.alias()["FunctionVersion"] == "3"
        targets[1].switch(None)


def test_two_deploy_at_once(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """Of two that deploy a release at once, the one with the larger number ends well; it is there once."""
    targets = [functions.target(token=1), functions.target(token=2)]
    together(targets, lambda target, artifact: target.deploy(artifact, store), (first, first))
    assert functions.target(token=2).facts().releases == (first.release_name,)
    assert functions.target(token=2).deploy(first, store).changed is False


def together(
    targets: list[Function], do: Callable[[Function, Artifact], object], artifacts: tuple[Artifact, ...]
) -> None:
    """Do something with each at the same time; who is refused for a smaller number is no failure."""
    start, broken = threading.Barrier(len(targets)), []

    def one(target: Function, artifact: Artifact) -> None:
        start.wait()
        try:
            do(target, artifact)
        except Fenced:
            assert target is not targets[-1]
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=one, args=pair) for pair in zip(targets, artifacts, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert broken == []


def test_two_aliases(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """Two aliases of a function are two targets: neither sees, prunes or fences what the other one has."""
    functions.client.create_alias(FunctionName=functions.name, Name="staging", FunctionVersion="1")
    staging, live = functions.target(alias="staging", token=9), functions.target(token=1)
    staging.deploy(first, store)
    assert live.facts().releases == ()
    live.deploy(first, store)
    live.switch(first.release_name)
    assert functions.versions() == ["1", "2", "3"]
    assert (functions.alias("staging")["FunctionVersion"], functions.alias()["FunctionVersion"]) == ("1", "3")
    assert staging.remove(first.release_name).changed
    assert live.facts().live == first.release_name


def test_remove(both: Functions, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """A dark release goes, one with traffic is refused, and what is gone is gone already."""
    target = live_and_dark(both, first, second, store)
    with pytest.raises(PolicyRefused, match="it is live or has a part of the traffic"):
        target.remove(first.release_name)
    target.shift(second.release_name, 10)
    with pytest.raises(PolicyRefused, match="it is live or has a part of the traffic"):
        target.remove(second.release_name)
    target.switch(first.release_name)
    assert target.remove(second.release_name).said == f"removed {second.release_name}"
    assert target.remove(second.release_name).said == "gone already"
    assert (target.facts().releases, both.versions()) == ((first.release_name,), ["1", "2"])


def test_prune(both: Functions, build: Build, store: ArtifactStore) -> None:
    """The oldest go, never what has traffic, nor those to spare, nor what Sendoff did not publish."""
    target = both.target()
    made = [build(tree(str(number))) for number in range(6)]
    for artifact in made:
        target.deploy(artifact, store)
    theirs = both.publish({"app.py": "x = 1"}, "somebody's")
    names = [artifact.release_name for artifact in made]
    target.switch(names[0])
    target.shift(names[1], 10)
    assert target.prune(4, frozenset({names[2]})).said == f"removed {names[3]}, {names[4]}"
    assert target.facts().releases == (names[0], names[1], names[2], names[5])
    assert both.versions() == ["1", "2", "3", "4", "7", theirs]
    assert target.prune(2, frozenset({names[2]})).said == f"removed {names[5]}"
    assert target.prune(2, frozenset({names[2]})).said == "nothing to remove"


def test_another_alias_uses_it(functions: Functions, build: Build, store: ArtifactStore) -> None:
    """A version that some other alias points to is left, which is said, and the rest goes."""
    target, made = functions.target(), [build(tree(str(number))) for number in range(4)]
    for artifact in made:
        target.deploy(artifact, store)
    target.switch(made[3].release_name)
    functions.client.create_alias(FunctionName=functions.name, Name="other", FunctionVersion="2")
    left = f"left {made[0].release_name}, as an alias points to version 2"
    outcome = target.prune(2, frozenset())
    assert (outcome.changed, outcome.said) == (True, f"removed {made[1].release_name}; {left}")
    outcome = target.remove(made[0].release_name)
    assert (outcome.changed, outcome.said) == (False, left)


def test_other_code_than_it_says(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """A version that says it is a release and has other code is no release; a deploy takes its place."""
    target, name = functions.target(), first.release_name
    target.deploy(first, store)
    said = functions.client.get_function_configuration(FunctionName=functions.name, Qualifier="2")
    target.remove(name)
    functions.publish({"app.py": "x = 1"}, said["Description"])
    assert target.facts().releases == ()
    with pytest.raises(PolicyRefused, match="is not there as a version with its own code"):
        target.switch(name)
    assert target.deploy(first, store).said.startswith(f"{name} is there, as version 4")
    assert functions.versions(name) == ["4"]
    assert json.loads(target.invoke(name, "{}", 30).output) == "one"


def test_other_code_that_is_live(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """What callers have is not taken from under them: another release has to go live first."""
    target, name = functions.target(), first.release_name
    target.deploy(first, store)
    said = functions.client.get_function_configuration(FunctionName=functions.name, Qualifier="2")
    target.remove(name)
    functions.publish({"app.py": "x = 1"}, said["Description"])
    functions.client.update_alias(FunctionName=functions.name, Name="live", FunctionVersion="3")
    with pytest.raises(PolicyRefused, match=r"version 3 says it is .* and has traffic"):
        target.deploy(first, store)
    assert target.prune(2, frozenset()).said == "nothing to remove"
    assert functions.versions() == ["1", "3"]


def test_a_second_version_of_a_release(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """Where a release was published twice, the first version counts, and pruning takes the other one away."""
    target, name = functions.target(), first.release_name
    target.deploy(first, store)
    said = functions.client.get_function_configuration(FunctionName=functions.name, Qualifier="2")
    functions.client.update_function_configuration(FunctionName=functions.name, Timeout=9)
    functions.client.publish_version(FunctionName=functions.name, Description=said["Description"])
    assert functions.versions(name) == ["2", "3"]
    assert (target.facts().releases, target.variant(name)) == ((name,), "2")
    assert target.prune(2, frozenset()).said == "removed version 3"
    assert functions.versions(name) == ["2"]


def test_the_newest_code_is_there_already(
    functions: Functions, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a deploy that died before it published, the next one sends nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(FunctionApi, "publish", lambda *_: (_ for _ in ()).throw(StepErrored("died")))
        with pytest.raises(StepErrored, match="died"):
            functions.target().deploy(first, store)
    assert functions.target().facts().releases == ()
    monkeypatch.setattr(FunctionApi, "update_code", lambda *_: pytest.fail("sent again"))
    assert functions.target().deploy(first, store).changed


def test_many_versions(functions: Functions, build: Build, store: ArtifactStore) -> None:
    """Versions are listed to the last page."""
    for number in range(55):
        functions.client.update_function_configuration(FunctionName=functions.name, Timeout=9 + number)
        functions.client.publish_version(FunctionName=functions.name)
    target, artifact = functions.target(), build(tree("last"))
    target.deploy(artifact, store)
    assert (target.facts().releases, target.variant(artifact.release_name)) == (
        (artifact.release_name,),
        "57",
    )


def test_looking_changes_nothing(functions: Functions) -> None:
    """Facts of a function that Sendoff never had, with a number or without."""
    before = functions.state()
    for token in (0, 3):
        facts = functions.target(token=token).facts()
        assert (facts.live, facts.releases, facts.fence, facts.obstacle) == (None, (), 0, None)
        assert (
            "the description of the alias is not Sendoff's, and is replaced at the first change"
            in facts.notes
        )
    assert functions.state() == before


@pytest.mark.parametrize("changes", [{"function": "nobody-made-it"}, {"alias": "nobody-made-it"}])
def test_what_is_missing(functions: Functions, changes: dict[str, str]) -> None:
    """That the function or its alias is missing is a refusal, also of looking."""
    with pytest.raises(PolicyRefused, match="make it, or correct `function`, `alias` or `region`"):
        functions.target(**changes).facts()


def test_an_alias_to_the_newest_code(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """An alias whose code each deploy would change is an obstacle, and nothing is changed behind it."""
    functions.client.update_alias(FunctionName=functions.name, Name="live", FunctionVersion="$LATEST")
    before = functions.state()
    assert "the alias points to $LATEST" in str(functions.target().facts().obstacle)
    with pytest.raises(PolicyRefused, match=r"the alias points to \$LATEST"):
        functions.target().deploy(first, store)
    assert functions.state() == before


def test_moved_by_hand(functions: Functions, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """What is live is where the alias points, whatever its record says; that it was moved is told."""
    target = live_and_dark(functions, first, second, store)
    functions.client.update_alias(FunctionName=functions.name, Name="live", FunctionVersion="3")
    facts = target.facts()
    assert facts.live == second.release_name
    assert f"somebody else moved the alias: Sendoff left it at {first.release_name}" in facts.notes
    assert target.switch(second.release_name).changed
    assert functions.record()["release"] == second.release_name
    weights = {"AdditionalVersionWeights": {"1": 0.2}}
    functions.client.update_alias(FunctionName=functions.name, Name="live", RoutingConfig=weights)
    facts = target.facts()
    assert (facts.canary, facts.weight) == (None, 0)
    assert "version 1, which Sendoff did not publish, has 20 % of the traffic" in facts.notes


def test_back_to_what_somebody_put_there(
    functions: Functions, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """Where somebody has put a version of their own in between, undo goes back to that one."""
    target = live_and_dark(functions, first, second, store)
    theirs = functions.publish({"app.py": "x = 1"}, "somebody's")
    functions.client.update_alias(FunctionName=functions.name, Name="live", FunctionVersion=theirs)
    assert target.facts().live is None
    target.shift(second.release_name, 10)
    assert target.switch(None).changed
    assert (functions.alias()["FunctionVersion"], functions.weights()) == (theirs, {})
    said = target.switch(second.release_name).said
    assert said == f"{second.release_name} is live, before: version {theirs}"
    target.switch(None)
    assert (functions.alias()["FunctionVersion"], functions.record()["origin"]) == (theirs, theirs)


def test_weights_of_others(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """What somebody else gave to a version stays exactly so until a release goes live."""
    target, version = functions.target(), functions.publish({"app.py": "x = 1"}, "somebody's")
    weights = {"AdditionalVersionWeights": {version: 0.125}}
    functions.client.update_alias(FunctionName=functions.name, Name="live", RoutingConfig=weights)
    target.deploy(first, store)
    assert functions.weights() == {version: 0.125}
    target.switch(first.release_name)
    assert functions.weights() == {}


def test_a_record_that_was_lost(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """Where somebody wrote over Sendoff's record, what was before Sendoff is not guessed."""
    target = functions.target()
    target.deploy(first, store)
    target.switch(first.release_name)
    functions.client.update_alias(FunctionName=functions.name, Name="live", Description="mine")
    with pytest.raises(PolicyRefused, match="a version of before was refused: it is not known"):
        target.switch(None)
    assert functions.record() == {
        "release": first.release_name,
        "fence": 1,
        "origin": None,
        "by": "run-1",
    }


def test_what_was_before_is_gone(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """A version that somebody deleted is not pointed to."""
    target = functions.target()
    target.deploy(first, store)
    target.switch(first.release_name)
    functions.client.delete_function(FunctionName=functions.name, Qualifier="1")
    with pytest.raises(PolicyRefused, match="version 1 is gone"):
        target.switch(None)
    assert functions.alias()["FunctionVersion"] == "2"


def test_a_long_name(functions: Functions, build: Build, store: ArtifactStore) -> None:
    """What does not fit into a description is refused before anything is published."""
    alias = "1" * 50 + "a" * 60
    functions.client.create_alias(FunctionName=functions.name, Name=alias, FunctionVersion="1")
    with pytest.raises(
        PolicyRefused, match="characters, expected at most 256; give the version or the alias"
    ):
        functions.target(alias=alias).deploy(build(tree("one")), store)
    assert functions.versions() == ["1"]


@pytest.mark.parametrize(
    ("method", "having"), [("PUT", "/aliases/"), ("PUT", "/code")], ids=["the alias", "the code"]
)
def test_who_may_not_write(functions: Functions, method: str, having: str) -> None:
    """Preflight learns that we may not change the alias, or the code, before anything is changed."""
    before = functions.state()
    with disturbed(functions.emulator.endpoint) as network:
        network.once(method, (403, "AccessDeniedException"), having=having)
        target = functions.target(endpoint=network.endpoint)
        said = str(target.facts().obstacle)
        assert target.facts().obstacle is None
    assert "they need lambda:GetFunctionConfiguration, lambda:GetAlias, lambda:UpdateAlias" in said
    assert functions.state() == before


def test_who_may_not_read(functions: Functions) -> None:
    """Whoever may not even look is told what they need."""
    with disturbed(functions.emulator.endpoint) as network:
        network.once("GET", (403, "AccessDeniedException"))
        with pytest.raises(AccessRefused, match="lambda:ListVersionsByFunction"):
            functions.target(endpoint=network.endpoint).facts()


def test_revisions_have_to_count(both: Functions) -> None:
    """A server that writes whatever revision is said is refused: so is moto, and so not ministack."""
    obstacle = both.target().facts().obstacle
    if both.emulator.name == "moto":
        assert "expected RevisionId to count" in str(obstacle)
    else:
        assert obstacle is None


def test_an_image(functions: Functions) -> None:
    """A function whose code is a container image is an obstacle."""
    functions.client.create_function(
        FunctionName=f"{functions.name}-image",
        Role="arn:aws:iam::000000000000:role/functions",
        PackageType="Image",
        Code={"ImageUri": "000000000000.dkr.ecr.eu-central-1.amazonaws.com/shop:1"},
        Publish=True,
    )
    functions.client.create_alias(FunctionName=f"{functions.name}-image", Name="live", FunctionVersion="1")
    facts = functions.target(function=f"{functions.name}-image").facts()
    assert "its code is a container image, expected a zip file" in str(facts.obstacle)


def test_an_account_is_at_aws(functions: Functions) -> None:
    """Where an account is named, no other server is asked in its place; without a number nobody is asked."""
    told = functions.target(account="123456789012").facts().obstacle
    assert "would be asked in place of AWS" in str(told)
    assert functions.target(account="123456789012", token=0).facts().obstacle is None


def test_nothing_runs(functions: Functions) -> None:
    """A command is refused: there is no host."""
    with pytest.raises(PolicyRefused, match="a function has no host"):
        functions.target().run(["true"], "x", 1, {})


def test_what_it_can_do(functions: Functions) -> None:
    """It can have a canary, and be invoked."""
    assert isinstance(functions.target(), ShiftingTarget)
    assert isinstance(functions.target(), InvokableTarget)


def test_busy(functions: Functions, first: Artifact, store: ArtifactStore) -> None:
    """While AWS is busy with an earlier change it is asked again, for as long as it may take."""
    with disturbed(functions.emulator.endpoint) as network:
        network.once("PUT", (409, "ResourceConflictException"), times=3, having="/code")
        assert functions.target(endpoint=network.endpoint).deploy(first, store).changed
        assert len([each for each in network.seen if each.endswith("/code")]) == 4
        network.once("PUT", (409, "ResourceConflictException"), times=10_000)
        with pytest.raises(StepErrored, match=r"changing the alias 'live' is not done within 0\.1 s"):
            functions.target(endpoint=network.endpoint, update_timeout=0.1).switch(first.release_name)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"LastUpdateStatus": "InProgress"}, "version [$]LATEST is not done within 0.2 s"),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "its role is gone"},
            "did not become ready [(]its role is gone[)]",
        ),
        (
            {"Version": "2", "State": "Failed", "StateReason": "no such subnet"},
            "version 2 of .* cannot be used [(]no such subnet[)]",
        ),
    ],
    ids=["takes long", "update failed", "version failed"],
)
def test_code_that_is_not_ready(
    functions: Functions,
    first: Artifact,
    store: ArtifactStore,
    said: dict[str, str],
    expected: str,
) -> None:
    """Code that AWS does not get ready is broken machinery, with the reason that AWS gives."""
    target = functions.target(update_timeout=0.2 if "InProgress" in said.values() else 30)

    def answer(parsed: dict[str, Any], **_: Any) -> None:
        if parsed.get("Version") == said.get("Version", "$LATEST") and "LastUpdateStatus" in parsed:
            parsed |= said

    events = target._api.connection.client.meta.events
    events.register("after-call.lambda.GetFunctionConfiguration", answer)
    with pytest.raises(StepErrored, match=expected):
        target.deploy(first, store)
    events.unregister("after-call.lambda.GetFunctionConfiguration", answer)
    assert functions.target().deploy(first, store)
    assert len(functions.versions(first.release_name)) == 1


def test_a_damaged_store(
    functions: Functions, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content that is not what the artifact's manifest says is not put there."""
    places = dict.fromkeys(("app.py", "lib/empty"), 0)
    monkeypatch.setattr("sendoff.targets.content.places", lambda manifest: places)
    with pytest.raises(StepErrored, match="the store is damaged"):
        functions.target().deploy(first, store)
    assert functions.target().facts().releases == ()


def test_a_contended_alias(
    functions: Functions, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who changes the alias all the time, or the code, is told of."""
    target = functions.target()
    target.deploy(first, store)
    monkeypatch.setattr(FunctionApi, "write_alias", lambda *_: False)
    with pytest.raises(StepErrored, match="was changed by others 8 times meanwhile"):
        target.switch(first.release_name)
    monkeypatch.undo()
    target.remove(first.release_name)
    monkeypatch.setattr(FunctionApi, "publish", lambda *_: False)
    with pytest.raises(StepErrored, match="the function was changed by others 8 times meanwhile"):
        target.deploy(first, store)


def test_code_of_others_in_between(
    functions: Functions, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody changes the newest code before it is published, it is not published as the release."""
    publish, woken = FunctionApi.publish, []

    def late(self: FunctionApi, *said: Any) -> bool:
        if not woken:
            code = packed({"app.py": "x = 1"})
            woken.append(functions.client.update_function_code(FunctionName=functions.name, ZipFile=code))
        return publish(self, *said)

    monkeypatch.setattr(FunctionApi, "publish", late)
    target = functions.target()
    assert target.deploy(first, store).changed
    assert json.loads(target.invoke(first.release_name, "{}", 30).output) == "one"
    assert len(functions.versions(first.release_name)) == 1
