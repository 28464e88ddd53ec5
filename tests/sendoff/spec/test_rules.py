"""Rules across fields: each broken in one place of a release file that is right."""

import json

import pytest

from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules

STAGING, PRODUCTION = ("environments", 0), ("environments", 1)
WEB = (*PRODUCTION, "targets", 0)
HEALTH, FILES = (*PRODUCTION, "checks", 0), (*PRODUCTION, "checks", 1)
WINDOW, FREEZE = (*STAGING, "windows", 0), (*STAGING, "freezes", 0)
WHOSE = {"owner": "ops", "reason": "why"}
GATE = (*PRODUCTION, "gates", 0)

BROKEN = [
    ((*STAGING, "windows"), [{"timezone": "Mars"}], (*WINDOW, "timezone"), "unknown time zone 'Mars'"),
    ((*STAGING, "windows"), [{"days": ["mon", "mon"]}], (*WINDOW, "days", 1), "'mon' stands here twice"),
    (
        (*STAGING, "freezes"),
        [{**WHOSE, "begins": "2026-02-30 00:00", "ends": "2026-03-01 00:00"}],
        (*FREEZE, "begins"),
        "'2026-02-30 00:00' is no day",
    ),
    (
        (*STAGING, "freezes"),
        [{**WHOSE, "begins": "2026-03-01 00:00", "ends": "2026-03-01 00:00"}],
        (*FREEZE, "ends"),
        "'2026-03-01 00:00' is not after 'begins'",
    ),
    (
        (*STAGING, "freezes"),
        [{**WHOSE, "calendar": "webcal://example.com/x.ics"}],
        (*FREEZE, "calendar"),
        "'webcal://example.com/x.ics' is no address that can be read",
    ),
    (
        (*STAGING, "freezes"),
        [{**WHOSE, "calendar": "x.ics", "timezone": "Mars"}],
        (*FREEZE, "timezone"),
        "unknown time zone 'Mars'",
    ),
    ((*PRODUCTION, "name"), "staging", (*PRODUCTION, "name"), "'staging' stands here twice"),
    ((*PRODUCTION, "after"), "production", None, "'production' does not come before this environment"),
    ((*PRODUCTION, "after"), "test", None, "unknown environment 'test'"),
    ((*STAGING, "after"), "production", None, "'production' does not come before this environment"),
    ((*WEB, "hosts"), ["web-3"], (*WEB, "hosts", 0), "unknown host 'web-3'"),
    ((*WEB, "groups"), ["webs"], (*WEB, "groups", 0), "unknown group 'webs'"),
    ((*WEB, "groups"), [], WEB, "has no hosts"),
    ((*WEB, "groups"), ["web", "web"], (*WEB, "groups", 1), "'web' stands here twice"),
    ((*WEB, "hosts"), ["web-1", "web-1"], (*WEB, "hosts", 1), "'web-1' stands here twice"),
    ((*WEB, "max_failures"), 2, None, "2 of 2 hosts may fail, so the release is never undone"),
    ((*WEB, "shared"), ["a", "a"], (*WEB, "shared", 1), "'a' stands here twice"),
    ((*WEB, "shared"), ["a/b", "a"], (*WEB, "shared", 0), "'a/b' lies in 'a', which is shared too"),
    ((*WEB, "root"), "{side}/srv", None, "{side} has no value on web-2"),
    ((*WEB, "root"), "/srv/{version}", None, "unknown placeholder 'version'"),
    ((*WEB, "root"), "{port}/srv", None, "comes out as '8000/srv' on web-1"),
    ((*WEB, "commands", "secrets"), ["A", "A"], (*WEB, "commands", "secrets", 1), "'A' stands here twice"),
    (
        (*WEB, "commands", "after"),
        [["{side}"]],
        (*WEB, "commands", "after", 0, 0),
        "{side} has no value on web-2",
    ),
    (
        (*WEB, "commands", "before"),
        [["{a.b}"]],
        (*WEB, "commands", "before", 0, 0),
        "'{a.b}' is no placeholder",
    ),
    (
        (*WEB, "commands", "withdraw"),
        [["x", "{ }"]],
        (*WEB, "commands", "withdraw", 0, 1),
        "'{ }' is no placeholder",
    ),
    ((*HEALTH, "name"), "files", (*FILES, "name"), "'files' stands here twice"),
    ((*HEALTH, "url"), "ftp://{host}", None, "'ftp://{host}' is no address of a web page"),
    ((*HEALTH, "url"), "http://{prot}", None, "unknown placeholder 'prot'"),
    ((*HEALTH, "url"), "http://{address}:99999/", None, "comes out as 'http://10.0.0.1:99999/' on web-1"),
    ((*HEALTH, "url"), "http:///x", None, "comes out as 'http:///x' on web-1"),
    ((*HEALTH, "when"), "dark", None, "nothing listens on target 'web' before the release is live"),
    ((*HEALTH, "body"), "[", None, "'[' does not compile"),
    ((*FILES, "command"), ["test", "{commit}"], (*FILES, "command", 1), "unknown placeholder 'commit'"),
    ((*GATE, "approvers"), ["ada", "ada", "bob"], (*GATE, "approvers", 1), "'ada' stands here twice"),
    ((*GATE, "count"), 3, None, "3 have to agree of 2 who may"),
    ((*GATE, "approvals"), [{"group": "ops"}], (*GATE, "approvers"), "stands beside 'approvals'"),
    ((*GATE, "escalate_after"), 60, None, "has no 'escalate_to'"),
    ((*GATE, "escalate_to"), "duty", None, "has no 'escalate_after'"),
    ((*PRODUCTION, "schedule"), {"cron": "0 2 * * *"}, None, "people have to agree here ('gates')"),
    ((*STAGING, "schedule", "cron"), "0 25 * * *", None, "'0 25 * * *' is no time that comes (bad hour)"),
    ((*STAGING, "schedule", "cron"), "* * * * * *", None, "'* * * * * *' is no time that comes (6 fields)"),
    ((*STAGING, "schedule", "timezone"), "Europe/Zurch", None, "unknown time zone 'Europe/Zurch'"),
    ((*STAGING, "schedule", "timezone"), "../etc/passwd", None, "unknown time zone '../etc/passwd'"),
    (("build", "source"), {"folder": "app"}, (*STAGING, "schedule"), "a folder has no newest commit"),
    (("build", "source", "ref"), "main", None, "'main' is the same for all versions"),
    (("build", "source", "ref"), "{version}{host}", None, "unknown placeholder 'host'"),
    (("build", "command"), "make", None, "is one text"),
    (("build", "shell"), True, ("build", "command"), "is a list of words"),
    (("build", "command"), ["make", "{host}"], ("build", "command", 1), "unknown placeholder 'host'"),
    (("build", "environment"), ["PATH", "PATH"], ("build", "environment", 1), "'PATH' stands here twice"),
    (("build", "secrets"), ["A", "A"], ("build", "secrets", 1), "'A' stands here twice"),
    (("build", "secrets"), ["PATH"], ("build", "secrets", 0), "'PATH' stands in 'environment' too"),
    (("hosts", "web-1", "variables", "root"), "/", None, "'root' is Sendoff's own"),
]


def put(data, where, value):
    for piece in where[:-1]:
        data = data[piece]
    data[where[-1]] = value


def found(data):
    return broken_rules(ReleaseFile.model_validate_json(json.dumps(data), strict=True))


def test_right(data):
    """A release file that is right breaks no rule."""
    assert found(data) == []


@pytest.mark.parametrize(("where", "value", "blamed", "what"), BROKEN)
def test_broken(data, where, value, blamed, what):
    """A broken rule names the place to mend, what is wrong with it, and nothing else."""
    put(data, where, value)
    findings = found(data)
    assert [each.where for each in findings] == [blamed or where]
    assert findings[0].what.startswith(what)


def gates_of(data, *gates):
    named = [{"kind": "approval", "name": f"gate-{number}", **gate} for number, gate in enumerate(gates, 1)]
    data["environments"][1]["gates"] = named


def test_too_few_for_all_gates(data):
    """One person counts once in all: each gate could be opened, and never both."""
    gates_of(data, {"approvers": ["ada"]}, {"approvers": ["Ada", "bob"], "count": 2}, {"approvers": ["eve"]})
    (finding,) = found(data)
    assert finding.where == (*PRODUCTION, "gates")
    assert finding.what == "3 have to agree at 'gate-1' and 'gate-2', of 2 who may"
    assert finding.expected == "3 who may, as one person counts once in all gates"


@pytest.mark.parametrize(
    "second",
    [
        {"approvers": ["ada", "bob"]},
        {},
        {"approvals": [{"group": "ops"}]},
        {"approvers": ["ada"], "escalate_after": 60, "escalate_to": "duty"},
    ],
    ids=["another", "anybody", "a group", "a group at last"],
)
def test_enough_for_all_gates(data, second):
    """Somebody else is found, as far as anybody can tell beforehand."""
    gates_of(data, {"approvers": ["ada"]}, second)
    assert found(data) == []


def test_two_targets(data):
    """A host stands in one target of an environment only."""
    other = {"name": "api", "hosts": ["web-2"], "user": "deploy", "root": "/srv/api"}
    data["environments"][1]["targets"].append(other)
    assert [(each.where, each.what) for each in found(data)] == [
        ((*PRODUCTION, "targets", 1), "host 'web-2' stands in target 'web' too")
    ]


def test_two_names(data):
    """Targets of one environment have different names, as have its gates."""
    other = {"name": "web", "hosts": ["staging-1"], "user": "deploy", "root": "/srv/api"}
    data["environments"][1]["targets"].append(other)
    data["environments"][1]["gates"].append(data["environments"][1]["gates"][0])
    assert [each.where[2:] for each in found(data)] == [("targets", 1, "name"), ("gates", 1, "name")]


def test_shell(data):
    """A shell's own braces are doubled."""
    data["build"] |= {"command": "make {version} ${{HOME}}", "shell": True}
    assert found(data) == []


def test_bracketed_address(data):
    """An address of IPv6 stands in brackets, as in any browser."""
    data["hosts"]["web-2"]["address"] = data["hosts"]["web-1"]["address"] = "2001:db8::1"
    assert [each.what for each in found(data)] == ["comes out as 'http://2001:db8::1:8000/health' on web-1"]
    data["environments"][1]["checks"][0]["url"] = "http://[{address}]:{port}/health"
    assert found(data) == []


def test_anybody_approves(data):
    """Where nobody is named, any number may be asked for."""
    data["environments"][1]["gates"][0] |= {"approvers": [], "count": 5}
    assert found(data) == []


BY_GROUP = {
    "kind": "approval",
    "name": "both",
    "approvals": [{"group": "product"}, {"group": "ops", "count": 2}],
}


@pytest.mark.parametrize(
    ("more", "blamed", "what"),
    [
        ({}, None, ""),
        ({"remind_after": 60, "escalate_after": 120, "escalate_to": "duty", "expires_after": 180}, None, ""),
        ({"count": 2}, ("count",), "stands beside 'approvals'"),
        ({"approvals": [{"group": "ops"}] * 2}, ("approvals", 1, "group"), "'ops' stands here twice"),
        ({"remind_after": 60, "expires_after": 60}, ("expires_after",), "comes no later than 'remind_after'"),
        (
            {"remind_after": 90, "escalate_after": 60, "escalate_to": "duty"},
            ("escalate_after",),
            "comes no later than 'remind_after'",
        ),
    ],
)
def test_groups_and_times(data, more, blamed, what):
    """People are named or their groups are; first it reminds, then it escalates, then it expires."""
    put(data, GATE, {**BY_GROUP, **more})
    assert [(each.where, each.what) for each in found(data)] == ([((*GATE, *blamed), what)] if blamed else [])


def test_all_at_once(data):
    """Several broken rules are found together."""
    put(data, (*WEB, "groups"), ["webs"])
    put(data, (*GATE, "count"), 3)
    put(data, ("build", "command"), "make")
    assert len(found(data)) == 3
