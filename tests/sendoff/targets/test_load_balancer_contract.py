"""A load balancer of AWS with two sides: what each method promises, seen past Sendoff and by its facts."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.errors import CheckFailed, CommandFailed, Fenced, PolicyRefused, StepErrored
from sendoff.store import ArtifactStore
from sendoff.targets.load_balancer.services import ServicesBehind
from sendoff.targets.protocol import ShiftingTarget
from tests.kit.network import Fault, disturbed
from tests.sendoff.targets.load_balancer.place import ECS, ELB, OverEcs, OverSsh

Balanced = OverSsh | OverEcs
Build = Callable[..., Artifact]

pytestmark = [pytest.mark.aws, pytest.mark.ssh, pytest.mark.xdist_group("aws-balancer")]


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
        assert balanced.on_host("green").log == ["before green-1 1.1", "after green-1 1.1"]


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


def test_gone_back_by_the_circuit_breaker(
    over_ecs: OverEcs, release: Release, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that went back is stable to ECS, and no success to us; a repeat tries anew.

    No emulator has a circuit breaker that trips: it is played by an update back, which leaves what it leaves.
    """
    artifact = release(over_ecs)
    target = over_ecs.target()
    services = target._backing
    assert isinstance(services, ServicesBehind)
    real, service = services._ask, {"cluster": over_ecs.name, "service": "shop-green"}

    def tripped(doing: str, request: str, **words: Any) -> Any:
        answer = real(doing, request, **words)
        if request == "update_service":
            over_ecs.ecs.update_service(**service, taskDefinition=over_ecs.before)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(services, "_ask", tripped)
        with pytest.raises(CheckFailed, match=rf"{over_ecs.name}:1 is what counts, not {over_ecs.name}:2"):
            target.deploy(artifact, store)
    stable = over_ecs.ecs.get_waiter("services_stable")
    stable.wait(cluster=service["cluster"], services=[service["service"]], WaiterConfig={"MaxAttempts": 1})
    assert (over_ecs.tags("green"), target.facts().releases) == ({}, ())
    with pytest.raises(PolicyRefused, match="is on neither side"):
        target.switch(artifact.release_name)
    assert target.deploy(artifact, store).changed
    assert list(over_ecs.revisions().values()) == [artifact.release_name]


def test_a_rollout_that_does_not_end(over_ecs: OverEcs, release: Release, store: ArtifactStore) -> None:
    """Where tasks do not start in time it is broken machinery.

    That is tried on moto, whose rollouts never end. An update begins none there, which looks like one that
    went back, so the service is made with the revision that is meant.
    """
    ecs = over_ecs.moto.client("ecs")
    ecs.create_cluster(clusterName=over_ecs.name)
    ecs.register_task_definition(**over_ecs.definition())

    def make(revision: int) -> None:
        for side, arn in over_ecs.groups.items():
            ecs.create_service(
                cluster=over_ecs.name,
                serviceName=f"shop-{side}",
                taskDefinition=f"{over_ecs.family}:{revision}",
                desiredCount=2,
                loadBalancers=[{"targetGroupArn": arn, "containerName": "shop", "containerPort": 80}],
            )

    make(1)
    over_ecs.lead(ECS, over_ecs.moto.endpoint)
    target = over_ecs.target(healthy_within=0.2)
    artifact = release(over_ecs)
    with pytest.raises(CheckFailed, match=f"{over_ecs.family}:1 is what counts"):
        over_ecs.target().deploy(artifact, store)
    make(2)
    with pytest.raises(StepErrored, match=r"not ready within 0.2 s \(0 tasks of 2 run"):
        target.deploy(artifact, store)
    assert over_ecs.tags("green") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not in 1.1-"),
        (b"{", "is no JSON"),
        (b"[]", "has no 'family'"),
        (b'{"family": "a", "containerDefinitions": []}', "or no 'containerDefinitions'"),
        (
            b'{"family": "a", "containerDefinitions": [{"image": "shop:1.0"}]}',
            "names the image 'shop:1.0', which may be another one tomorrow, expected each by its digest",
        ),
        (b" " * 70_000, "has 70000 bytes"),
    ],
    ids=["missing", "no JSON", "no mapping", "no container", "a tag", "too large"],
)
def test_a_wrong_task_definition(
    over_ecs: OverEcs, build: Build, store: ArtifactStore, content: bytes | None, said: str
) -> None:
    """What may not be run is refused before anything is changed, or registered."""
    files: dict[str, bytes | str | None] = {"other.txt": b"x"}
    artifact = build(files | ({"task-definition.json": content} if content is not None else {}))
    with pytest.raises(PolicyRefused, match=said):
        over_ecs.target().deploy(artifact, store)
    assert (over_ecs.weights(), over_ecs.revisions()) == ({"blue": 1}, {})


@pytest.mark.parametrize("wrong", [{"name": None}, {"nmae": "shop"}], ids=["by ECS", "by its shape"])
def test_what_ecs_refuses(
    over_ecs: OverEcs, build: Build, store: ArtifactStore, wrong: dict[str, str | None]
) -> None:
    """A task definition that ECS does not take is no machinery that broke."""
    told = {"name": "shop", "image": f"shop@sha256:{'a' * 64}", **wrong}
    container = {key: value for key, value in told.items() if value}
    definition = {"family": over_ecs.family, "containerDefinitions": [container]}
    artifact = build({"task-definition.json": json.dumps(definition).encode()})
    with pytest.raises(PolicyRefused, match=r"ECS refuses 'task-definition\.json'"):
        over_ecs.target().deploy(artifact, store)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cluster": "none"}, "no (cluster 'none'|service 'shop-blue' in cluster 'none')"),
        ({"green": {"service": "none"}}, "there is no service 'none'"),
    ],
    ids=["cluster", "service"],
)
def test_what_is_missing_behind(over_ecs: OverEcs, changes: dict[str, Any], said: str) -> None:
    """Before anything is changed it is said that a cluster or service is not there."""
    obstacle = over_ecs.target(**changes).facts().obstacle
    assert re.search(said, str(obstacle))


@pytest.mark.parametrize("missing", ["rule", "group"])
def test_what_is_missing_at_the_balancer(balanced: Balanced, missing: str) -> None:
    """Before anything is changed it is said that a rule or a target group is not there.

    At AWS a target group that is gone has no tags that could be read, either; at moto it has none.
    """
    target = balanced.target()
    if missing == "rule":
        balanced.elb.delete_rule(RuleArn=balanced.rule)
    else:
        balanced.elb.delete_target_group(TargetGroupArn=balanced.groups["green"])
    facts = target.facts()
    assert facts.releases == ()
    assert re.search(r"NotFound\), expected it to be; correct `(rule|target_group)`", str(facts.obstacle))
    if missing == "rule":
        with pytest.raises(PolicyRefused, match=r"expected it to be; correct"):
            target.switch(None)


@pytest.mark.parametrize("which", [0, 1], ids=["the rule", "the rule of the header"])
def test_who_may_not_move_traffic(over_ecs: OverEcs, which: int) -> None:
    """Preflight learns that we may not change a rule before anything is changed; to ask changes nothing."""
    rules = (over_ecs.rule, over_ecs.header_rule)
    before = [over_ecs.weights(rule) for rule in rules]
    with disturbed(over_ecs.moto.endpoint) as network:
        over_ecs.lead(ELB, network.endpoint)
        numbers = itertools.count()

        def fault(method: str, name: str) -> Fault | None:
            return (403, "AccessDenied") if "ModifyRule" in name and next(numbers) == which else None

        network.fault = fault
        target = over_ecs.target()
        said = str(target.facts().obstacle)
        assert target.facts().obstacle is None
        asked = len(network.seen)
        assert target.facts().obstacle is None
    assert "ModifyRule, AddTags and RemoveTags" in said
    assert "ModifyRule" not in " ".join(network.seen[asked:])
    assert [over_ecs.weights(rule) for rule in rules] == before


def test_a_server_that_forwards_anywhere(over_ecs: OverEcs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given back its rule, and is not released to."""
    before = over_ecs.weights()
    there = over_ecs.groups["green"].partition("targetgroup/")
    monkeypatch.setattr("sendoff.targets.load_balancer.balancer.NOBODYS", "".join(there[1:]))
    assert "forwards to a target group that is not there" in str(over_ecs.target().facts().obstacle)
    assert over_ecs.weights() == before == {"blue": 1}


def test_no_healthy_target(balanced: Balanced, release: Release, store: ArtifactStore) -> None:
    """A side without a healthy target is not ready, and gets no traffic when that is so later."""
    artifact = release(balanced)
    name, gone = artifact.release_name, [{"Id": "10.0.0.1", "Port": 80}]
    balanced.elb.deregister_targets(TargetGroupArn=balanced.groups["green"], Targets=gone)
    target = balanced.target(healthy_within=0.1)
    with pytest.raises(
        StepErrored, match=r"targets of green: not ready within 0.1 s \(no target is registered"
    ):
        target.deploy(artifact, store)
    assert (target.facts().releases, balanced.weights()) == ((), {"blue": 100, "green": 0})
    balanced.elb.register_targets(TargetGroupArn=balanced.groups["green"], Targets=gone)
    target.deploy(artifact, store)
    balanced.elb.deregister_targets(TargetGroupArn=balanced.groups["green"], Targets=gone)
    for move in (lambda: target.switch(name), lambda: target.shift(name, 10)):
        with pytest.raises(PolicyRefused, match="none of its targets is healthy"):
            move()
    assert balanced.weights() == {"blue": 100, "green": 0}


def test_another_release_runs_there(over_ssh: OverSsh, release: Release, store: ArtifactStore) -> None:
    """A side whose host was switched past Sendoff gets no traffic until it was deployed again."""
    artifact = release(over_ssh)
    target = over_ssh.target()
    target.deploy(artifact, store)
    (over_ssh.root("green") / "current").unlink()
    with pytest.raises(PolicyRefused, match=r"does not serve .* \(none is live on green-1\)"):
        target.switch(artifact.release_name)
    assert target.deploy(artifact, store).changed
    assert over_ssh.runs("green") == artifact.release_name


def test_a_command_fails(over_ssh: OverSsh, release: Release, store: ArtifactStore) -> None:
    """A command on a host that fails is told with host and output, and the side holds no release."""
    commands = {"after": [["sh", "-c", "echo no room; exit 3"]]}
    target = over_ssh.target(fleet={**over_ssh.behind["fleet"], "commands": commands})
    with pytest.raises(CommandFailed, match=r"green-1: .* exited with 3(?s:.*)no room"):
        target.deploy(release(over_ssh), store)
    assert over_ssh.tags("green") == {}


def test_commands_around(over_ssh: OverSsh, release: Release, store: ArtifactStore) -> None:
    """Hosts run commands before and after they are switched, and withdraw when a release is removed."""
    told = {
        moment: [["sh", "-c", f"echo {moment} {{release}} >> {{root}}/told"]]
        for moment in ("before", "after", "withdraw")
    }
    target = over_ssh.target(fleet={**over_ssh.behind["fleet"], "commands": told})
    artifact = release(over_ssh)
    name = artifact.release_name
    target.deploy(artifact, store)
    target.remove(name)
    lines = (over_ssh.root("green") / "told").read_text().splitlines()
    assert lines == [f"before {name}", f"after {name}", f"withdraw {name}"]


def test_prune(over_ssh: OverSsh, release: Release, store: ArtifactStore) -> None:
    """The oldest releases go from the hosts; both sides keep what they run."""
    target = over_ssh.target()
    made = [release(over_ssh) for _ in range(6)]
    for artifact in made:
        target.deploy(artifact, store)
        target.switch(artifact.release_name)
    said = target.prune(2, frozenset()).said
    names = [each.release_name for each in made]
    left = {
        side: sorted(each.name for each in (over_ssh.root(side) / "releases").iterdir())
        for side in ("green", "blue")
    }
    assert left == {"green": [names[2], names[4]], "blue": [names[3], names[5]]}
    assert said == f"blue-1: removed {names[1]}; green-1: removed {names[0]}"
    assert target.prune(2, frozenset()).said == "nothing to remove"


def test_hosts_that_are_not_ready(over_ssh: OverSsh) -> None:
    """What is wrong with a host behind it is told by its name before anything is changed."""
    over_ssh.root("green").mkdir(parents=True)
    (over_ssh.root("green") / "current").mkdir()
    assert "green-1: " in str(over_ssh.target().facts().obstacle)


def test_an_account_that_is_not_asked(balanced: Balanced) -> None:
    """Where an account is named, a server in place of AWS is an obstacle."""
    facts = balanced.target(account=balanced.moto.account).facts()
    assert f"expected account {balanced.moto.account}" in str(facts.obstacle)
    assert any("not at AWS" in note for note in facts.notes)
