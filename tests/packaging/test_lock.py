"""The lock and the bounds: exact, with hashes, without addresses, and each with its reason."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PYPROJECT = (ROOT / "pyproject.toml").read_text()
PROJECT = tomllib.loads(PYPROJECT)["project"]
BOUND = re.compile(r"^(?P<name>[a-z0-9-]+)(\[[a-z]+\])?(?P<low>>=[0-9.]+),(?P<high><[0-9.]+)$")
PINNED = [entry for entry in re.split(r"\n(?=[a-zA-Z0-9])", LOCK) if entry.strip()]


def test_lock_names_no_address():
    """Where packages come from is this machine's business."""
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_lock_is_exact_and_has_hashes():
    """Every line pins one version and at least one hash."""
    loose = [
        entry
        for entry in PINNED
        if not re.match(r"[\w.-]+==[\w.+!-]+( ; [^\n]+)? \\\n +--hash=sha256:", entry)
    ]
    assert loose == []
    assert len(PINNED) > 50


@pytest.mark.parametrize(
    "bound", [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
)
def test_lock_keeps_to_the_bounds(bound):
    """What is asked for is bounded on both sides and locked."""
    match = BOUND.match(bound)
    assert match, f"{bound!r} is not like name>=1.2,<3"
    assert re.search(rf"^{match['name']}==", LOCK, re.MULTILINE)


@pytest.mark.parametrize("bound", PROJECT["dependencies"])
def test_each_bound_has_a_reason(bound):
    """Beside every upper bound stands why it is there."""
    (line,) = (line for line in PYPROJECT.splitlines() if f'"{bound}"' in line)
    assert re.search(r"# \w+\W+\w+", line)
