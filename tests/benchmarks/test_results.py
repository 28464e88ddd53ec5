"""What follows from samples."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.results import FLOW, REFERENCE, TARGET, Results, Sample, aims

Make = Callable[..., Sample]


def test_the_median_counts(sample: Make) -> None:
    """One run that was disturbed does not move the figure."""
    results = Results(
        [sample("rsync", 10, seconds, repeat) for repeat, seconds in enumerate((2.0, 9.0, 3.0))]
    )
    assert results.seconds("first", 10, "rsync") == 3.0


def test_what_went_wrong_does_not_count(sample: Make) -> None:
    """A run that left the hosts as they should not be is no fast run."""
    results = Results([sample("rsync", 10, 0.1, wrong="h01: current is not 1.0.0"), sample("rsync", 10, 4.0)])
    assert results.seconds("first", 10, "rsync") == 4.0


def test_what_was_not_measured_is_none(sample: Make) -> None:
    """No figure is made up."""
    results = Results([sample("rsync", 10, 4.0)])
    assert results.seconds("first", 50, "rsync") is None
    assert results.ratio("first", 10, "rsync") is None
    assert results.cpu("next", 10, "rsync") == (None, None)


def test_ratios_are_of_runs_made_side_by_side(sample: Make) -> None:
    """When the machine slows down half-way, both tools do; the ratio stays."""
    results = Results(
        sample(tool, 10, share * slow, repeat)
        for repeat, slow in enumerate((1.0, 1.0, 5.0))
        for tool, share in ((REFERENCE, 4.0), ("rsync", 2.0))
    )
    assert results.ratio("first", 10, "rsync") == 0.5


def test_a_run_without_its_neighbour_is_left_out_of_the_ratio(sample: Make) -> None:
    """A tool that was not repeated is compared with the first run of the other."""
    results = Results(
        [sample(REFERENCE, 50, 4.0), sample(REFERENCE, 50, 8.0, 1), sample("ansible", 50, 40.0)]
    )
    assert results.ratio("first", 50, "ansible") == 10.0


@pytest.mark.parametrize(("seconds", "verdict"), [(12.0, "met"), (12.1, "missed")])
def test_the_aim_of_the_target_code(sample: Make, seconds: float, verdict: str) -> None:
    """At most 1.2 times `ssh … tar`, just that included."""
    (line,) = aims(Results([sample(REFERENCE, 10, 10.0), sample(TARGET, 10, seconds)]))
    assert line.endswith(f"- {verdict}")


@pytest.mark.parametrize(("seconds", "verdict"), [(17.5, "met"), (17.6, "missed")])
def test_the_aim_of_the_whole_flow(sample: Make, seconds: float, verdict: str) -> None:
    """At most 5 s and a quarter more than the target code, on 50 hosts."""
    (line,) = aims(Results([sample(TARGET, 50, 10.0), sample(FLOW, 50, seconds)]))
    assert line.endswith(f"- {verdict}")


def test_no_aim_is_told_of_what_was_not_measured(sample: Make) -> None:
    """Without the tools that an aim compares there is no line for it."""
    assert aims(Results([sample("rsync", 50, 10.0)])) == []
