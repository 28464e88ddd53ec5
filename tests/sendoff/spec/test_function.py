"""Functions among the targets of a release file: what one is, what it is asked, and what does not fit."""

import json
from pathlib import Path

import pytest

from sendoff.catalog import load
from sendoff.errors import BadInput
from sendoff.spec.commands import HostCommands
from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules

FUNCTION = {"kind": "lambda", "name": "prices", "function": "shop-prices", "alias": "live"}
TARGETS = ("environments", 1, "targets")
ASK = {"kind": "invoke", "name": "nothing", "when": "dark", "payload": "{}", "answer": "total"}


def read(data):
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


@pytest.fixture
def function_only(data):
    """Production is a function, and nothing else."""
    data["environments"][1] |= {"targets": [dict(FUNCTION)], "checks": [dict(ASK)]}
    return data


def changed(data, **changes):
    data["environments"][1]["targets"][0] |= changes
    return data


def findings(data):
    return [(each.where, each.what) for each in broken_rules(read(data))]


def test_a_function_is_one_host(function_only):
    """To what is common to targets, a function is a host of its own name in a batch of its own."""
    file = read(changed(function_only, region="eu-central-1"))
    assert broken_rules(file) == []
    (function,) = file.environment("production").targets
    assert file.hosts_of(function) == ("prices",)
    assert function.root == "lambda://eu-central-1/shop-prices:live"
    assert (function.batch, function.max_failures, function.commands) == (1, 0, HostCommands())
    assert (function.keep, function.update_timeout) == (5, 300)
    assert ReleaseFile.model_validate_json(file.model_dump_json(), strict=True) == file


@pytest.mark.parametrize(
    "changes",
    [{"alias": "staging"}, {"function": "shop-orders"}, {"region": "eu-west-1"}],
    ids=["alias", "function", "region"],
)
def test_two_in_one_place(function_only, changes):
    """Two targets do not move the same alias; another alias, function or region is another place."""
    function_only["environments"][1]["targets"].append({**FUNCTION, "name": "more"})
    ((where, what),) = findings(function_only)
    assert where == (*TARGETS, 1)
    assert "lambda:///shop-prices:live is in one place with" in what
    function_only["environments"][1]["targets"][1] |= changes
    assert findings(function_only) == []


@pytest.mark.parametrize(
    ("check", "what"),
    [
        ({"kind": "command", "name": "files", "command": ["true"]}, "has no host to run a command on"),
        ({"kind": "http", "name": "home", "when": "dark", "url": "http://x/"}, "nothing listens on target"),
    ],
    ids=["a command", "a request while it is dark"],
)
def test_checks_that_do_not_fit(function_only, check, what):
    """A function is invoked; it runs no commands, and is not reached under an address before it is live."""
    function_only["environments"][1]["checks"].append(check)
    ((where, said),) = findings(function_only)
    assert where[:4] == ("environments", 1, "checks", 1)
    assert what in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"function": "arn:aws:lambda:x"}, "targets/prices/function: 'arn:aws:lambda:x' is not allowed"),
        ({"alias": "12"}, "targets/prices/alias: '12' is not allowed, expected the name of an alias"),
        ({"alias": "$LATEST"}, "targets/prices/alias: '$LATEST' is not allowed"),
        ({"keep": 1}, "targets/prices/keep"),
        ({"update_timeout": "soon"}, "targets/prices/update_timeout"),
        ({"bucket": "x"}, "targets/prices/bucket: unknown key 'bucket'"),
    ],
    ids=["an ARN", "digits", "the newest code", "keep", "duration", "key"],
)
def test_wrong_keys(tmp_path: Path, function_only, changes, said):
    """What is wrong with a function's keys is told with file and line, as anywhere."""
    path = tmp_path / "release.yaml"
    path.write_text(json.dumps(changed(function_only, **changes), indent=1))
    with pytest.raises(BadInput) as wrong:
        load(path)
    (problem,) = wrong.value.problems
    assert problem.line > 1
    assert said in str(problem)
