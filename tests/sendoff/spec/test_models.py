"""The models, and that the reference of the release file is as complete as they are."""

import json
import re
from pathlib import Path

import pytest
import yaml

from sendoff.spec.models import ReleaseFile
from sendoff.spec.rules import broken_rules
from sendoff.spec.schema import schema

REFERENCE = (Path(__file__).parents[3] / "docs" / "release-file.md").read_text()


@pytest.fixture
def file(data):
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


def test_environment(file):
    """An environment is found by name; one that is not there is a KeyError."""
    assert file.environment("production").gate_names == ("product-owner",)
    with pytest.raises(KeyError, match="test"):
        file.environment("test")


def test_hosts_of(file):
    """A fleet has the hosts that it lists, then those of its groups, each once."""
    fleet = file.environment("production").targets[0].model_copy(update={"hosts": ("web-2",)})
    assert file.hosts_of(fleet) == ("web-2", "web-1")


def test_round_trip(file):
    """A release file comes back from its own JSON as it was."""
    assert ReleaseFile.model_validate_json(file.model_dump_json(), strict=True) == file


def test_reference_example():
    """The example in the reference is right."""
    example = re.search(r"## A full example\n\n```yaml\n(.*?)```", REFERENCE, re.DOTALL)[1]
    file = ReleaseFile.model_validate_json(json.dumps(yaml.safe_load(example)), strict=True)
    assert broken_rules(file) == []


def test_reference_keys():
    """Every key stands in the reference, with what it is for."""
    models = [schema(), *schema()["$defs"].values()]
    rows = re.findall(r"(?m)^\| `(\w+)` \| .*? \| (.*?)(?: \(.*\))? \|$", REFERENCE)
    wanted = {
        (key, re.sub(r" \([^(]*\)$", "", value["description"]))
        for each in models
        for key, value in each["properties"].items()
    }
    assert wanted - {(key, re.sub(r" \([^(]*\)$", "", text)) for key, text in rows} == set()
