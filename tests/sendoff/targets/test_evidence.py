"""What is said of the kinds of targets is what tests show, and what the documentation says."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import get_args

import pytest

from sendoff.spec.models import Target
from sendoff.targets.evidence import CAPABILITIES, Capability, Evidence

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "targets.md").read_text()
NEEDS = {"OpenSSH": "ssh", "Prometheus": "prometheus", "SeaweedFS": "s3"}


@functools.cache
def functions(file: Path) -> dict[str, ast.FunctionDef]:
    """Map the names of the tests and fixtures of a file to what they are."""
    return {each.name: each for each in ast.parse(file.read_text()).body if isinstance(each, ast.FunctionDef)}


def fixtures(file: Path, test: str) -> set[str]:
    """Name all fixtures that a test uses, also those that other fixtures use."""
    folders = [folder for folder in file.parents if folder.is_relative_to(ROOT / "tests")]
    known: dict[str, ast.FunctionDef] = {}
    for conftest in [folder / "conftest.py" for folder in reversed(folders)]:
        known |= functions(conftest) if conftest.exists() else {}
    known |= functions(file)
    found: set[str] = set()
    left = [test]
    while left:
        one = known[left.pop()]
        named = {
            each.value
            for mark in one.decorator_list
            for each in ast.walk(mark)
            if isinstance(each, ast.Constant)
        }
        more = ({argument.arg for argument in one.args.args} | named & known.keys()) - found
        found |= more
        left += more & known.keys()
    return found


@pytest.mark.parametrize("each", CAPABILITIES, ids=lambda each: f"{each.kind}: {each.what}")
def test_a_test_shows_it(each: Capability) -> None:
    """The test is there; one on a server or an emulator starts it, one on recorded answers is given them."""
    file, _, name = each.proof.partition("::")
    text = (ROOT / file).read_text()
    test = functions(ROOT / file)[name]
    given = {argument.arg for argument in test.args.args}
    given |= {each.id for each in ast.walk(test) if isinstance(each, ast.Name)}
    if each.evidence is Evidence.EMULATOR:
        used = fixtures(ROOT / file, name)
        assert "emulator" in used or {*re.findall(r"moto|ministack", each.on)} <= used
        assert "pytest.mark.aws" in text
    elif each.evidence is Evidence.REAL:
        servers = (ROOT / file).with_name("conftest.py").read_text()
        assert f"pytest.mark.{NEEDS[each.on]}" in text + servers
    else:
        assert given & {"sts", "network", "stubbed", "deployments", "targets", "disturbed"}


def test_the_documentation_says_the_same() -> None:
    """Its table has the same rows in the same order."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", DOCS, re.MULTILINE)
    assert rows == [(each.kind, each.what, each.evidence.value, each.on) for each in CAPABILITIES]


def test_every_kind_is_there() -> None:
    """A kind of target that release files know stands in the list."""
    known = {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(Target)}
    assert {each.kind for each in CAPABILITIES} == known | {"canary"}
