"""Load balancers among the targets of a release file: what one is, and what does not fit."""

import copy
import json
from pathlib import Path

import pytest

from sendoff.catalog import load
from sendoff.errors import BadInput
from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules

AT = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
RULE = f"{AT}:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
HEADER = f"{AT}:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/1291d13826f405c3"
GROUPS = {
    side: f"{AT}:targetgroup/shop-{side}/73e2d6bc24d8a06{n}" for n, side in enumerate(("blue", "green"))
}
COMMON = {"kind": "alb", "name": "front", "rule": RULE, "header_rule": HEADER, "address": "shop.example"}
SERVICES = {
    **COMMON,
    "blue": {"target_group": GROUPS["blue"], "service": "shop-blue"},
    "green": {"target_group": GROUPS["green"], "service": "shop-green"},
    "cluster": "shop",
}
HOSTS = {
    **COMMON,
    "blue": {"target_group": GROUPS["blue"], "hosts": ["web-1"]},
    "green": {"target_group": GROUPS["green"], "hosts": ["web-2"]},
    "fleet": {"user": "deploy", "root": "/srv/shop", "commands": {"after": [["./restart", "{port}"]]}},
}
TARGET = ("environments", 1, "targets", 0)
ASK = {
    "kind": "http",
    "name": "dark",
    "when": "dark",
    "url": "https://{address}/",
    "headers": {"X-Dark": "yes"},
}


@pytest.fixture
def target():
    return copy.deepcopy(SERVICES)


@pytest.fixture
def on_hosts():
    return copy.deepcopy(HOSTS)


@pytest.fixture
def put(data):
    """Have production be one target, with a check of its dark side."""

    def placed(target, **changes):
        target = {**target, **changes}
        data["environments"][1] |= {"targets": [target], "checks": [copy.deepcopy(ASK)]}
        return data

    return placed


def read(data):
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


def findings(data):
    return [(each.where, each.what, each.expected) for each in broken_rules(read(data))]


@pytest.mark.parametrize("which", ["services", "hosts"])
def test_right(put, target, on_hosts, which):
    """One with services or hosts behind it is right, and stays as it is when it is written and read."""
    file = read(put(target if which == "services" else on_hosts))
    assert broken_rules(file) == []
    assert ReleaseFile.model_validate_json(file.model_dump_json(), strict=True) == file


def test_one_host(put, on_hosts):
    """To what is common to targets it is a host of its own name, whatever is behind it."""
    file = read(put(on_hosts))
    (front,) = file.environment("production").targets
    assert file.hosts_of(front) == ("front",)
    assert file.words("front", front) == {
        "host": "front",
        "address": "shop.example",
        "root": "alb://eu-central-1/shop/9683b2d02a6cabee",
    }
    assert (front.noun, front.serves_dark, front.batch, front.commands.after) == (
        "load balancer",
        True,
        1,
        (),
    )


def test_hosts_behind(put, on_hosts):
    """The hosts of each side are fleets, that sign in alike; services are none."""
    file = read(put(on_hosts, keep=7))
    behind = file.behind(file.environment("production").targets[0])
    assert {side: file.hosts_of(fleet) for side, fleet in behind.items()} == {
        "blue": ("web-1",),
        "green": ("web-2",),
    }
    assert {(each.name, each.user, each.root, each.keep) for each in behind.values()} == {
        ("front", "deploy", "/srv/shop", 7)
    }
    assert file.behind(read(put(SERVICES)).environment("production").targets[0]) == {}


def test_dark_checks_need_a_header_rule(put, target):
    """Without a rule by which checks get there, nothing answers before the release is live."""
    ((where, what, _),) = findings(put(target, header_rule=None))
    assert where == ("environments", 1, "checks", 0, "when")
    assert "nothing listens on target 'front' before the release is live" in what


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        (
            {"blue": {"target_group": GROUPS["green"], "service": "b"}},
            ("green", "target_group"),
            "of blue too",
        ),
        ({"blue": {"target_group": GROUPS["blue"]}}, ("blue",), "has nothing behind it"),
        (
            {"blue": {"target_group": GROUPS["blue"], "service": "b", "hosts": ["web-1"]}},
            ("blue",),
            "has hosts and a service",
        ),
        ({"cluster": None}, (), "'cluster' is missing"),
        ({"fleet": {"user": "deploy", "root": "/srv/a"}}, ("fleet",), "is for hosts"),
        ({"header_rule": RULE}, ("header_rule",), "is the rule that shares traffic out"),
        ({"header_rule": HEADER.replace("f2f7", "f2f8")}, ("header_rule",), "is a rule of another listener"),
        ({"region": "us-east-1"}, ("region",), "'us-east-1' is not where the rule is"),
        ({"account": "000000000000"}, ("account",), "'000000000000' is not where the rule is"),
        (
            {"rule": RULE.replace("eu-central-1", "us-east-1"), "header_rule": None},
            ("blue", "target_group"),
            "is in eu-central-1 of account 123456789012",
        ),
    ],
    ids=[
        "one group",
        "nothing",
        "both",
        "no cluster",
        "a fleet",
        "its own rule",
        "another listener",
        "region",
        "account",
        "elsewhere",
    ],
)
def test_what_does_not_fit(put, target, changes, where, what):
    """What does not fit is found where it stands."""
    found = [(at, said) for at, said, _ in findings(put(target, **changes))]
    assert ((*TARGET, *where), what) in [(at, what if what in said else said) for at, said in found]


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"fleet": None}, (), "'fleet' is missing"),
        (
            {"green": {"target_group": GROUPS["green"], "service": "g"}},
            ("green", "service"),
            "on one side only",
        ),
        ({"green": {"target_group": GROUPS["green"], "hosts": ["web-9"]}}, ("green", "hosts", 0), "'web-9'"),
        (
            {"green": {"target_group": GROUPS["green"], "hosts": ["web-1"]}},
            ("green",),
            "'web-1' stands in target 'front/blue' too",
        ),
        (
            {"green": {"target_group": GROUPS["green"], "hosts": ["web-2", "web-2"]}},
            ("green", "hosts", 1),
            "'web-2' stands here twice",
        ),
        ({"cluster": "shop"}, ("cluster",), "is for services"),
        (
            {"fleet": {"user": "a", "root": "/srv/a", "commands": {"secrets": ["KEY"]}}},
            ("fleet", "commands", "secrets"),
            "is not shown to commands",
        ),
        (
            {"fleet": {"user": "a", "root": "/srv/a", "commands": {"after": [["x", "{none}"]]}}},
            ("fleet", "commands", "after", 0, 1),
            "unknown placeholder 'none'",
        ),
        (
            {"fleet": {"user": "a", "root": "{side}/a"}},
            ("fleet", "root"),
            "{side} has no value on web-2",
        ),
        (
            {"fleet": {"user": "a", "root": "/srv/a", "shared": ["a", "a/b"]}},
            ("fleet", "shared", 1),
            "lies in 'a'",
        ),
        ({"name": "web-1"}, ("name",), "'web-1' is a host too"),
    ],
    ids=[
        "no fleet",
        "a service",
        "unknown",
        "on both",
        "twice",
        "a cluster",
        "secrets",
        "placeholder",
        "root",
        "shared",
        "name",
    ],
)
def test_what_does_not_fit_hosts(put, on_hosts, changes, where, what):
    """What does not fit where hosts are behind it is found where it stands."""
    found = [(at, said) for at, said, _ in findings(put(on_hosts, **changes))]
    assert ((*TARGET, *where), what) in [(at, what if what in said else said) for at, said in found]


@pytest.mark.parametrize(
    "changes",
    [{}, {"rule": HEADER, "header_rule": RULE}, {"rule": f"{RULE}0", "header_rule": f"{HEADER}0"}],
    ids=["the same", "the other rule", "the same groups"],
)
def test_two_in_one_place(put, target, changes):
    """Two load balancers share no rule and no target group."""
    data = put(target)
    data["environments"][1]["targets"].append({**target, "name": "more", **changes})
    ((where, what, _),) = findings(data)
    assert where == ("environments", 1, "targets", 1)
    assert "is in one place with alb://eu-central-1/shop/9683b2d02a6cabee" in what


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rule": "front"}, "targets/front/rule: 'front' is not allowed, expected the ARN of a rule of an"),
        (
            {"blue": {"target_group": RULE, "service": "a"}},
            "targets/front/blue/target_group: 'arn:aws:elasticloadbalancing",
        ),
        ({"cluster": "a b"}, "targets/front/cluster: 'a b' is not allowed, expected a name as ECS shows it"),
        ({"task_definition": "/etc/passwd"}, "expected a path inside the folder"),
        (
            {"user": "deploy"},
            "targets/front/user: unknown key 'user', expected",
        ),
        ({"green": None}, "targets/front/green: is empty"),
    ],
    ids=["rule", "group", "cluster", "path", "key", "side"],
)
def test_wrong_keys(tmp_path: Path, put, target, changes, said):
    """What is wrong with its keys is told with file and line, as anywhere."""
    path = tmp_path / "release.yaml"
    path.write_text(json.dumps(put(target, **changes), indent=1))
    with pytest.raises(BadInput) as wrong:
        load(path)
    (problem,) = wrong.value.problems
    assert problem.line > 1
    assert said in str(problem)
