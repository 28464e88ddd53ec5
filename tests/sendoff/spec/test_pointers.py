"""Values in the Parameter Store and configurations of AppConfig among the targets of a release file."""

import json
from pathlib import Path

import pytest

from sendoff.catalog import load
from sendoff.errors import BadInput
from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules

POINTER = {"kind": "parameter", "name": "pointer", "parameter": "/shop/live"}
FLAGS = {
    "kind": "appconfig",
    "name": "flags",
    "application_id": "abc1234",
    "environment_id": "def5678",
    "profile_id": "ghi9012",
    "content": "flags.json",
}
TARGETS = ("environments", 1, "targets")


def read(data):
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


@pytest.fixture
def both(data):
    """Production is a pointer and flags, and nothing else."""
    data["environments"][1] |= {"targets": [dict(POINTER), dict(FLAGS)], "checks": []}
    return data


def changed(data, number, **changes):
    data["environments"][1]["targets"][number] |= changes
    return data


def findings(data):
    return [(each.where, each.what, each.expected) for each in broken_rules(read(data))]


def test_each_is_one_host(both):
    """Each is a host of its own name, in one place."""
    file = read(both)
    pointer, flags = file.environment("production").targets
    assert broken_rules(file) == []
    assert (file.hosts_of(pointer), file.hosts_of(flags)) == (("pointer",), ("flags",))
    assert pointer.root == "ssm:///shop/live"
    assert flags.root == "appconfig:///abc1234/def5678/ghi9012"
    assert (flags.strategy_id, flags.undo_strategy_id) == ("AppConfig.AllAtOnce",) * 2
    assert ReleaseFile.model_validate_json(file.model_dump_json(), strict=True) == file


@pytest.mark.parametrize(
    ("value", "what"),
    [("{commit}", "unknown placeholder 'commit'"), ("{", "is no placeholder")],
    ids=["unknown", "brace"],
)
def test_what_a_value_may_name(both, value, what):
    """A value names the version and the release, and nothing else."""
    ((where, said, _),) = findings(changed(both, 0, value=value))
    assert where == (*TARGETS, 0, "value")
    assert what in said
    assert findings(changed(both, 0, value='{{"live": "{version}", "of": "{release}"}}')) == []


@pytest.mark.parametrize(
    ("parameter", "is_shared"),
    [("/shop/live", True), ("/shop/live/releases", True), ("/shop", True), ("/shop/live2", False)],
)
def test_two_pointers_in_one_place(both, parameter, is_shared):
    """Two pointers do not share a parameter, nor does one lie below the other."""
    both["environments"][1]["targets"].append({**POINTER, "name": "more", "parameter": parameter})
    found = findings(both)
    assert [where for where, _, _ in found] == [(*TARGETS, 2)] * is_shared
    assert all("is in one place with ssm:///shop/live" in what for _, what, _ in found)


def test_two_configurations_in_one_place(both):
    """Two targets do not deploy one profile to one environment; another environment is fine."""
    both["environments"][1]["targets"].append({**FLAGS, "name": "more"})
    ((where, _, _),) = findings(both)
    assert where == (*TARGETS, 2)
    assert findings(changed(both, 2, environment_id="xyz0123")) == []


def test_no_commands(both):
    """A check that runs a command has no host to run it on."""
    both["environments"][1]["checks"] = [{"kind": "command", "name": "files", "command": ["true"]}]
    told = [what for _, what, _ in findings(both)]
    assert told == [
        "target 'pointer' is a parameter, and has no host to run a command on",
        "target 'flags' is a configuration, and has no host to run a command on",
    ]


@pytest.mark.parametrize(
    ("number", "changes", "said"),
    [
        (
            0,
            {"parameter": "live"},
            "targets/pointer/parameter: 'live' is not allowed, expected a path such as",
        ),
        (0, {"keep": 51}, "targets/pointer/keep"),
        (
            1,
            {"profile_id": "Flags!"},
            "targets/flags/profile_id: 'Flags!' is not allowed, expected the identifier",
        ),
        (1, {"content": "../x"}, "expected a path inside the folder"),
        (1, {"content_type": "a\nb"}, "expected what may stand in a header"),
        (1, {"value": "x"}, "targets/flags/value: unknown key 'value'"),
    ],
    ids=["parameter", "keep", "profile", "content", "type", "key"],
)
def test_wrong_keys(tmp_path: Path, both, number, changes, said):
    """What is wrong with their keys is told with file and line, as anywhere."""
    path = tmp_path / "release.yaml"
    path.write_text(json.dumps(changed(both, number, **changes), indent=1))
    with pytest.raises(BadInput) as wrong:
        load(path)
    (problem,) = wrong.value.problems
    assert problem.line > 1
    assert said in str(problem)
