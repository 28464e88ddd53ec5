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
NEEDS = {"OpenSSH": "ssh", "SeaweedFS": "s3"}
EMULATORS = {"moto", "ministack"}
AWAITED = {"lambda"}  # kinds that release files know, and of which nothing is said yet


@pytest.mark.parametrize("each", CAPABILITIES, ids=lambda each: f"{each.kind}: {each.what}")
def test_a_test_shows_it(each: Capability) -> None:
    """The test is there; one on a real server starts it, one on recorded answers is given them."""
    file, _, name = each.proof.partition("::")
    text = (ROOT / file).read_text()
    (test,) = (one for one in ast.parse(text).body if isinstance(one, ast.FunctionDef) and one.name == name)
    given = {argument.arg for argument in test.args.args}
    if each.evidence is Evidence.REAL:
        servers = (ROOT / file).with_name("conftest.py").read_text()
        assert f"pytest.mark.{NEEDS[each.on]}" in text + servers
    elif each.evidence is Evidence.EMULATOR:
        assert {*each.on.split(", ")} <= EMULATORS
        assert "pytest.mark.aws" in text
        assert ("Emulator)" if "," in each.on else "Ministack") in text
    else:
        assert given & {"sts", "network"}


def test_the_documentation_says_the_same() -> None:
    """Its table has the same rows in the same order."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", DOCS, re.MULTILINE)
    assert rows == [(each.kind, each.what, each.evidence.value, each.on) for each in CAPABILITIES]


def test_every_kind_is_there() -> None:
    """A kind of target that release files know stands in the list."""
    known = {get_args(each.model_fields["kind"].annotation)[0] for each in get_args(Target)}
    assert {each.kind for each in CAPABILITIES} == known - AWAITED
