"""The table and the plot of letters."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.results import REFERENCE, Results, Sample
from benchmarks.show import points, summary, table, text_plot

Make = Callable[..., Sample]


def test_the_table(sample: Make) -> None:
    """A row for each tool: seconds, ratios, CPU on the most hosts, and how often each was run."""
    results = Results(
        [
            sample(REFERENCE, 1, 2.0),
            sample("rsync", 1, 1.0),
            sample(REFERENCE, 50, 20.0, cpu=9.0, farm_cpu=60.0),
            sample("rsync", 50, 30.0, cpu=8.5, farm_cpu=40.0),
        ]
    )
    title, head, _, *rows = table(results, "first").splitlines()
    assert title == "First release: the whole tree"
    assert head.split() == ["1", "s", "50", "s", "1", "x", "50", "x", "client", "CPU", "farm", "CPU", "runs"]
    assert rows[0].split()[-7:] == ["2.00", "20.00", "1.00", "1.00", "9.00", "60.00", "1/1"]
    assert rows[1].split()[-7:] == ["1.00", "30.00", "0.50", "1.50", "8.50", "40.00", "1/1"]
    assert len({len(row) for row in (head, *rows)}) == 1


def test_what_was_not_measured_has_a_dash(sample: Make) -> None:
    """A hole in the table is seen as one."""
    results = Results([sample(REFERENCE, 1, 2.0), sample(REFERENCE, 50, 9.0), sample("rsync", 1, 1.0)])
    assert table(results, "first").splitlines()[-1].split()[-7:-3] == ["1.00", "-", "0.50", "-"]


def test_the_points_of_a_plot(sample: Make) -> None:
    """Medians by hosts; a tool that was not measured at a size has no point there."""
    samples = [sample("rsync", 10, 4.0), sample("rsync", 1, 1.0), sample("ansible", 1, 3.0)]
    assert points(Results(samples), "first") == {"rsync": [(1, 1.0), (10, 4.0)], "ansible": [(1, 3.0)]}


def test_the_plot_of_letters() -> None:
    """More seconds are higher, more hosts further right; each tool has its letter, explained below."""
    drawn = text_plot({"rsync": [(1, 1.0), (50, 10.0)], "ansible": [(1, 4.0), (50, 40.0)]}).splitlines()
    legend = drawn.pop()
    assert legend.startswith("S rsync")
    assert "F Ansible" in legend
    where = {(mark, line.index(mark)): row for row, line in enumerate(drawn) for mark in "SF" if mark in line}
    rows = {mark: sorted(row for (each, _), row in where.items() if each == mark) for mark in "SF"}
    assert rows["F"][0] == 0
    assert rows["F"][0] < rows["S"][0] < rows["S"][1] == 15


def test_marks_in_one_place_stand_side_by_side() -> None:
    """Of two tools that are equally fast, both are seen."""
    drawn = text_plot({"rsync": [(1, 1.0), (10, 2.0)], "ansible": [(1, 1.0), (10, 3.0)]})
    assert "SF" in drawn


def test_a_plot_of_one_size_or_nothing() -> None:
    """One point is drawn as well; of nothing, nothing."""
    assert "S" in text_plot({"rsync": [(1, 1.0)]})
    assert text_plot({}) == ""


def test_the_summary_says_what_is_missing_and_whether_it_was_quiet(sample: Make) -> None:
    """Nobody has to guess why a row is not there, or to trust figures of a busy machine."""
    told = summary(Results([sample("rsync", 1, 1.0, others=0.7)]), {"ansible": "it could not be installed"})
    assert "ansible: not measured: it could not be installed" in told
    assert "others used 0.7 cores" in told
