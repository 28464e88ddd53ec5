"""What is found before anything is changed."""

from __future__ import annotations

import pytest

from sendoff.targets.preflight import problems
from sendoff.targets.protocol import HostFacts

GOOD = HostFacts(
    host="web-1",
    live=None,
    releases=(),
    free_bytes=200_000_000,
    clock_skew=0.4,
    writable=True,
    missing_tools=(),
)


def test_a_good_host() -> None:
    """Nothing is found, with just enough space."""
    assert problems(GOOD, 100_000_000, 1) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"writable": False}, "web-1: the root folder cannot be written to"),
        ({"free_bytes": 199_999_999}, "web-1: 200 MB are free, expected 200 MB"),
        ({"missing_tools": ("tar", "find")}, "web-1: lacks tar, find; install"),
        ({"clock_skew": 61.0}, "web-1: its clock is 61 s ahead of ours, expected at most 5 s"),
        ({"clock_skew": -5.1}, "web-1: its clock is 5 s behind ours"),
        ({"fence": 2}, "web-1: it was changed under number 2, expected at most our 1; another"),
        ({"obstacle": "current is not a link, expected a link"}, "web-1: current is not a link"),
    ],
)
def test_each_problem_is_told(changes: dict[str, object], said: str) -> None:
    """Each in a sentence that names the host and what to do."""
    (problem,) = problems(GOOD.model_copy(update=changes), 100_000_000, 1)
    assert problem.startswith(said)


def test_all_at_once() -> None:
    """A host with several problems is mended in one go."""
    bad = GOOD.model_copy(update={"writable": False, "free_bytes": 0, "clock_skew": 9.0})
    assert len(problems(bad, 1, 1)) == 3
