"""Who is told of what, as release files say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sendoff import catalog
from sendoff.errors import BadInput
from sendoff.spec.channels import OCCASIONS
from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules

TEAM = {"name": "team", "block": "slack-webhook/team"}
HOOK = {"name": "hook", "webhook": "https://changes.example:8443/sendoff?a=1", "secret": "HOOK"}


def read(data: dict[str, Any], top: list[Any], here: list[Any]) -> ReleaseFile:
    data["notify"], data["environments"][1]["notify"] = top, here
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


def test_an_environment_has_those_of_the_file_and_its_own(data: dict[str, Any]) -> None:
    """Its own channel takes the place of one of the same name; other environments keep that."""
    file = read(data, [TEAM, HOOK], [{**TEAM, "events": ["live"]}, {**HOOK, "name": "mine"}])
    assert [(each.name, len(each.events)) for each in file.channels("production")] == [
        ("team", 1),
        ("hook", len(OCCASIONS)),
        ("mine", len(OCCASIONS)),
    ]
    assert [each.name for each in file.channels("staging")] == ["team", "hook"]
    assert broken_rules(file) == []


def test_names_differ(data: dict[str, Any]) -> None:
    """Two channels of one name in one place, or an event that stands twice, are found."""
    found = broken_rules(read(data, [TEAM, TEAM], [{**HOOK, "events": ["live", "live"]}]))
    assert [(each.where, each.what) for each in found] == [
        (("notify", 1, "name"), "'team' stands here twice"),
        (("environments", 1, "notify", 0, "events", 1), "'live' stands here twice"),
    ]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"name": "team"}, "a mapping with either 'block' or 'webhook'"),
        ({**TEAM, "block": "slack"}, "the type and the name of a block, such as slack-webhook/team"),
        ({**TEAM, "secret": "X"}, "unknown key 'secret'"),
        ({**TEAM, "events": ["lives"]}, "'lives'"),
        ({**TEAM, "events": []}, "at least 1 of them"),
        ({"name": "hook", "webhook": "https://a.example"}, "'secret' is missing"),
        ({**HOOK, "webhook": "https://ada:pw@a.example/"}, "without a user or password in it"),
        ({**HOOK, "webhook": "a.example/hook"}, "an address such as https://changes.example/sendoff"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    data: dict[str, Any], tmp_path: Path, channel: Any, said: str
) -> None:
    """As of any other part of the file."""
    path = tmp_path / "release.yaml"
    path.write_text(yaml.safe_dump({**data, "notify": [channel]}))
    with pytest.raises(BadInput) as wrong:
        catalog.load(path)
    (problem,) = wrong.value.problems
    assert said in str(problem)
    assert problem.line
    assert problem.path.startswith("notify/")
