"""A load balancer of AWS with two sides: what each method promises, seen past Sendoff and by its facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.store import ArtifactStore
from sendoff.targets.protocol import ShiftingTarget
from tests.sendoff.targets.load_balancer.place import OverEcs, OverSsh

Balanced = OverSsh | OverEcs
Build = Callable[..., Artifact]

pytestmark = [pytest.mark.aws, pytest.mark.ssh, pytest.mark.xdist_group("aws")]


@pytest.fixture
def release(build: Build, store: ArtifactStore) -> Callable[[Balanced], Artifact]:
    """Make one more release for a place."""

    def make(place: Balanced) -> Artifact:
        definition = place.definition() if isinstance(place, OverEcs) else {}
        return build({"task-definition.json": json.dumps(definition).encode()})

    return make


Release = Callable[[Balanced], Artifact]


def test_dark_after_deploy(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """The side without traffic runs it, tags say so, and the rule names that side at weight 0."""
    artifact = release(balanced)
    target = balanced.target()
    assert isinstance(target, ShiftingTarget)
    outcome = target.deploy(artifact, store)
    name = artifact.release_name
    assert (outcome.changed, outcome.said) == (
        True,
        f"{name} is on green, which has no traffic, all targets healthy",
    )
    assert balanced.weights() == {"blue": 100, "green": 0}
    assert (balanced.runs("green"), balanced.runs("blue")) == (name, None)
    assert balanced.tags("green") == {
        "release": name,
        "digest": artifact.digest,
        **({"revision": next(iter(balanced.revisions()))} if isinstance(balanced, OverEcs) else {}),
    }
    assert balanced.tags("blue") == {"fence": "1", "by": "run-1", "origin": "blue=1"}
    facts = target.facts()
    assert (facts.live, facts.releases, facts.fence, facts.obstacle) == (None, (name,), 1, None)
    assert (facts.canary, facts.weight) == (None, 0)


def test_the_header_leads_to_the_dark_side(
    balanced: Balanced, release: Release, store: ArtifactStore
) -> None:
    """Requests with the header reach what was deployed, whether it has traffic or not; others do not."""
    target = balanced.target()
    first, second = release(balanced), release(balanced)
    target.deploy(first, store)
    assert balanced.weights(balanced.header_rule) == {"green": 1}
    target.switch(first.release_name)
    target.deploy(second, store)
    assert balanced.weights(balanced.header_rule) == {"blue": 1}
    target.deploy(first, store)
    assert balanced.weights(balanced.header_rule) == {"green": 1}
    assert balanced.weights() == {"blue": 0, "green": 100}


def test_without_a_header_rule(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """No other rule is touched where none is named."""
    balanced.target(header_rule=None).deploy(release(balanced), store)
    assert balanced.weights(balanced.header_rule) == {"blue": 1}


def test_live_after_switch_and_undo(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """All traffic moves in one request; going back is the side before, on which the old release runs on."""
    first, second = release(balanced), release(balanced)
    old, new = first.release_name, second.release_name
    target = balanced.target(token=7)
    target.deploy(first, store)
    assert target.switch(old).said == f"{old} is live, before: none"
    assert balanced.weights() == {"blue": 0, "green": 100}
    target.deploy(second, store)
    assert target.facts().releases == (new, old)
    assert target.switch(new).said == f"{new} is live, before: {old}"
    assert balanced.weights() == {"blue": 100, "green": 0}
    assert (balanced.runs("blue"), balanced.runs("green")) == (new, old)
    assert target.switch(old).changed
    assert (target.facts().live, target.facts().releases) == (old, (new, old))
    assert balanced.weights() == {"blue": 0, "green": 100}


def test_back_to_what_was_there_before(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """The first release is undone to the weights as they were; once that side was overwritten, no more."""
    target = balanced.target()
    first, second = release(balanced), release(balanced)
    target.deploy(first, store)
    target.switch(first.release_name)
    assert target.switch(None).said == f"none is live, before: {first.release_name}"
    assert balanced.weights() == {"blue": 1, "green": 0}
    assert target.switch(None).said == "none is live already"
    target.switch(first.release_name)
    target.deploy(second, store)
    with pytest.raises(PolicyRefused, match=rf"was overwritten by {second.release_name}"):
        target.switch(None)


def test_a_second_time_is_a_no_op(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """What is so already is not done again, and says so."""
    artifact = release(balanced)
    name = artifact.release_name
    target = balanced.target()
    target.deploy(artifact, store)
    assert (target.deploy(artifact, store).changed, target.deploy(artifact, store).said) == (
        False,
        f"{name} is there already, on green",
    )
    assert target.shift(name, 10).changed
    assert target.shift(name, 10).said == f"{name} has 10% already"
    target.switch(name)
    assert target.switch(name).said == f"{name} is live already"
    assert not target.deploy(artifact, store).changed
    if isinstance(balanced, OverEcs):
        assert list(balanced.revisions().values()) == [name]
    else:
        assert (balanced.root("green") / "log").read_text() == "green-1 1.1\n"


def test_shift_in_steps(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """Both weights are set at once, and facts tell the canary from what is live, also past half."""
    first, second = release(balanced), release(balanced)
    old, new = first.release_name, second.release_name
    target = balanced.target()
    target.deploy(first, store)
    target.switch(old)
    target.deploy(second, store)
    for weight in (10, 50, 99):
        assert target.shift(new, weight).said == f"{new} on blue has {weight}% of the traffic"
        assert balanced.weights() == {"green": 100 - weight, "blue": weight}
        facts = target.facts()
        assert (facts.live, facts.canary, facts.weight) == (old, new, weight)
    with pytest.raises(PolicyRefused, match="as it is live, or that is no share"):
        target.shift(old, 10)
    assert target.switch(old).changed
    assert (balanced.weights(), target.facts().canary) == ({"blue": 0, "green": 100}, None)
    target.shift(new, 30)
    target.switch(new)
    assert (target.facts().live, target.facts().canary, target.facts().weight) == (new, None, 0)


def test_a_canary_beside_what_was_there_before(
    balanced: Balanced, release: Release, store: ArtifactStore
) -> None:
    """The first release can be a canary, too: what is live beside it is none of Sendoff's."""
    target = balanced.target()
    artifact = release(balanced)
    target.deploy(artifact, store)
    target.shift(artifact.release_name, 20)
    assert (target.facts().live, target.facts().canary) == (None, artifact.release_name)
    target.switch(None)
    assert balanced.weights() == {"blue": 1, "green": 0}


def test_metrics_name_the_target_group(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """A release is called in metrics as the target group that it is on; one that is on neither, is not."""
    artifact = release(balanced)
    target = balanced.target()
    target.deploy(artifact, store)
    assert target.variant(artifact.release_name) == balanced.groups["green"].rpartition(":")[2]
    with pytest.raises(PolicyRefused, match="is on neither side"):
        target.variant("2.0-0123456789ab")


def test_no_traffic_on_what_is_deployed_to(
    balanced: Balanced, release: Release, store: ArtifactStore
) -> None:
    """While a canary has traffic, nothing is deployed over it."""
    target = balanced.target()
    first = release(balanced)
    target.deploy(first, store)
    target.shift(first.release_name, 10)
    with pytest.raises(PolicyRefused, match="as green has traffic"):
        target.deploy(release(balanced), store)
    assert balanced.runs("green") == first.release_name


def test_remove(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """A dark release is taken off its side; one with traffic is not, and one that is not there is gone."""
    target = balanced.target()
    artifact = release(balanced)
    name = artifact.release_name
    target.deploy(artifact, store)
    target.shift(name, 10)
    with pytest.raises(PolicyRefused, match="it has traffic"):
        target.remove(name)
    target.switch(None)
    assert target.remove(name).said == f"removed {name}"
    assert (balanced.tags("green"), target.facts().releases) == ({}, ())
    assert target.remove(name).said == "gone already"
    if isinstance(balanced, OverSsh):
        assert balanced.runs("green") is None
        assert not (balanced.root("green") / "releases" / name).exists()
    else:
        assert balanced.runs("green") == name  # the service's count is not Sendoff's to set


def test_a_smaller_number_is_refused(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """Who was believed dead changes nothing any more, whatever it tries."""
    artifact = release(balanced)
    name = artifact.release_name
    late = balanced.target(token=4)
    late.deploy(artifact, store)
    balanced.target(token=5).shift(name, 10)
    before = (balanced.weights(), balanced.tags("blue"), balanced.tags("green"))
    for deed in (
        lambda: late.deploy(release(balanced), store),
        lambda: late.switch(name),
        lambda: late.switch(None),
        lambda: late.shift(name, 50),
        lambda: late.remove(name),
        lambda: late.prune(2, frozenset()),
    ):
        with pytest.raises(Fenced, match="seen number 5"):
            deed()
    assert (balanced.weights(), balanced.tags("blue"), balanced.tags("green")) == before
    assert before[1]["fence"] == "5"


def test_no_number(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """Without a lease it can be looked at, and not changed."""
    looking = balanced.target(token=0)
    assert looking.facts().live is None
    with pytest.raises(StepErrored, match="was given no number"):
        looking.deploy(release(balanced), store)
    assert balanced.tags("blue") == {}


def test_two_writers(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """One who is overtaken while it moves traffic finds out; its weights stand until others set theirs."""
    artifact = release(balanced)
    name = artifact.release_name
    slow, quick = balanced.target(token=1), balanced.target(token=2)
    slow.deploy(artifact, store)
    real = slow._balancer.forward

    def overtaken(*words: Any) -> None:
        quick.shift(name, 25)
        real(*words)

    slow._balancer.forward = overtaken  # type: ignore[method-assign]
    with pytest.raises(Fenced, match="seen number 2"):
        slow.switch(name)
    assert balanced.weights() == {"blue": 0, "green": 100}
    assert quick.facts().live == name
    quick.switch(None)
    assert balanced.weights() == {"blue": 1, "green": 0}


def test_others_change_the_rule(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """A vector that does not stay as it was set is broken machinery, and is not taken for done."""
    artifact = release(balanced)
    target = balanced.target()
    target.deploy(artifact, store)
    real = target._balancer.forward

    def undone(*words: Any) -> None:
        real(*words)
        balanced.weigh(100, 0)

    target._balancer.forward = undone  # type: ignore[method-assign]
    with pytest.raises(StepErrored, match="others changed it"):
        target.switch(artifact.release_name)


def test_what_keeps_visitors_stays(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """Moving traffic leaves the rule's stickiness as it is, and facts say what it does to weights."""
    sticky = {"Enabled": True, "DurationSeconds": 60}
    action = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": balanced.groups["blue"], "Weight": 5}],
            "TargetGroupStickinessConfig": sticky,
        },
    }
    balanced.elb.modify_rule(RuleArn=balanced.rule, Actions=[action])
    target = balanced.target()
    artifact = release(balanced)
    target.deploy(artifact, store)
    target.switch(artifact.release_name)
    found = balanced.elb.describe_rules(RuleArns=[balanced.rule])["Rules"][0]["Actions"][0]["ForwardConfig"]
    assert found["TargetGroupStickinessConfig"] == sticky
    assert any("keeps visitors at their side for 60 s" in each for each in target.facts().notes)
    target.switch(None)
    assert balanced.weights() == {"blue": 5, "green": 0}


def test_commands_are_refused(balanced: Balanced) -> None:
    """There is no host to run a command on."""
    with pytest.raises(PolicyRefused, match="a load balancer has no host of its own"):
        balanced.target().run(["true"], "1.0-0123456789ab", 5, {})
