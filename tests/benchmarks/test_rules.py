"""The rules that are measured are as many as is said, and what was measured is judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.rules import RULES, START, YEAR, half_and_half, never, told
from sendoff.timing.rules import Rules, next_moment


@pytest.mark.parametrize("make", [half_and_half, never])
def test_as_many_as_is_said(make: Callable[[], Rules]) -> None:
    """Windows and freezes together."""
    rules = make()
    assert len(rules.windows) + len(rules.freezes) == RULES


def test_hard_to_answer() -> None:
    """The answer lies months ahead, or there is none."""
    found = next_moment(half_and_half(), START, YEAR)
    assert found is not None
    assert found - START > YEAR / 4
    assert next_moment(never(), START, YEAR) is None


def test_judged() -> None:
    """The first time counts as well."""
    assert "60.0 ms the first time, 4.0 ms then (aim 50 ms: NOT met)" in told("x", [0.06, 0.004, 0.004])
    assert told("x", [0.02, 0.004, 0.004]).endswith("(aim 50 ms: met)")
