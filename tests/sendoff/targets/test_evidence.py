"""What is said of the kinds of targets is what tests show, and what the documentation says."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from sendoff.spec.models import Target
from sendoff.targets.evidence import CAPABILITIES, Capability, Evidence

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "targets.md").read_text()
NEEDS = {"OpenSSH": "ssh", "SeaweedFS": "s3", "moto": "aws", "ministack": "aws", "moto and ministack": "aws"}


@pytest.mark.parametrize("each", CAPABILITIES, ids=lambda each: f"{each.kind}: {each.what}")
def test_a_test_shows_it(each: Capability) -> None:
    """The test is there; one on a server starts it, one on recorded answers is given them."""
    file, _, name = each.proof.partition("::")
    text = (ROOT / file).read_text()
    (test,) = (one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef) and one.name == name)
    given = {argument.arg for argument in test.args.args}
    if each.evidence is not Evidence.RECORDED:
        servers = (ROOT / file).with_name("conftest.py").read_text()
        assert f"pytest.mark.{NEEDS[each.on]}" in text + servers
    else:
        assert given & {"sts", "network", "deployments", "targets"}


def test_the_documentation_says_the_same() -> None:
    """Its table has the same rows in the same order."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", DOCS, re.MULTILINE)
    assert rows == [(each.kind, each.what, each.evidence.value, each.on) for each in CAPABILITIES]


def test_every_kind_is_there() -> None:
    """A kind of target that release files know stands in the list."""
    kinds = {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(Target)}
    assert {each.kind for each in CAPABILITIES} == kinds
