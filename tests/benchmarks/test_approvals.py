"""What is made of the times that were measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.approvals import Approved, Switched, Times, percentile, summary


@given(values=st.lists(st.floats(0, 100), min_size=1), share=st.sampled_from([0.5, 0.95]))
def test_so_many_do_not_exceed_it(values: list[float], share: float) -> None:
    """It is one of the values; of anything smaller, fewer are not above it."""
    found = percentile(values, share)
    assert found in values
    assert sum(each <= found for each in values) >= share * len(values)
    assert sum(each < found for each in values) < share * len(values)


@pytest.mark.parametrize(
    ("acted", "verdict"), [(2.9, "p50 2.9 s met, p95 2.9 s met"), (3.1, "p95 3.1 s missed")]
)
def test_the_aim(acted: float, verdict: str) -> None:
    """It is about the next remote action."""
    assert verdict in summary([Approved(0.5, 1.5, acted)], [Switched(4)])


def test_the_first_command_after_a_moment() -> None:
    """What was heard before does not count."""
    times = Times()
    times.heard()
    assert times.first_after(0) is not None
    assert times.first_after(times.first_after(0) or 0) is None
