"""Results as text: the table, the ratios, and a plot of letters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.results import REFERENCE, Phase, Results, aims

TITLES: Mapping[Phase, str] = {
    "first": "First release: the whole tree",
    "next": "Next release: 1 % of the files differ",
}
LABELS = {
    "sendoff": "Sendoff, target code",
    "sendoff-flow": "Sendoff, whole Prefect flow",
    "ssh-tar-gz": "ssh … tar xz (prebuilt)",
    "ssh-tar": "ssh … tar x (prebuilt)",
    "rsync": "rsync --link-dest",
    "ansible": "Ansible: copy, unpack, link",
    "ansible-rsync": "Ansible around rsync",
}
QUIET = 0.1  # cores
MARKS = "SFzxrAB*+o"
Points = Sequence[tuple[int, float]]


def points(results: Results, phase: Phase) -> dict[str, Points]:
    """List for each tool the hosts and seconds to draw."""
    found: dict[str, Points] = {}
    for tool in results.tools(phase):
        medians = ((hosts, results.seconds(phase, hosts, tool)) for hosts in results.sizes(phase))
        found[tool] = [(hosts, seconds) for hosts, seconds in medians if seconds is not None]
    return found


def table(results: Results, phase: Phase) -> str:
    """Write seconds and ratios, a row for each tool."""
    sizes = results.sizes(phase)
    head = [
        "",
        *(f"{size} s" for size in sizes),
        *(f"{size} x" for size in sizes),
        "client CPU",
        "farm CPU",
        "runs",
    ]
    rows = [head]
    for tool in results.tools(phase):
        seconds = [_number(results.seconds(phase, size, tool)) for size in sizes]
        ratios = [_number(results.ratio(phase, size, tool)) for size in sizes]
        runs = "/".join(str(len(results.of(phase, size, tool))) for size in sizes)
        cpu = [_number(each) for each in results.cpu(phase, sizes[-1], tool)]
        rows.append([LABELS.get(tool, tool), *seconds, *ratios, *cpu, runs])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [_aligned(row, widths) for row in rows]
    return "\n".join([TITLES[phase], lines[0], "-" * len(lines[0]), *lines[1:]])


def summary(results: Results, missing: Mapping[str, str]) -> str:
    """Put together all that is printed at the end."""
    parts = [
        f"{table(results, phase)}\n\n{text_plot(points(results, phase))}"
        for phase in TITLES
        if results.sizes(phase)
    ]
    parts.append(
        f"s: seconds on so many hosts, median. x: times {REFERENCE}, run by run, median. "
        "CPU: seconds, on the most hosts."
    )
    if results.others > QUIET:
        parts.append(f"Not quiet: others used {results.others:.1f} cores of this machine meanwhile.")
    parts += [f"{tool}: not measured: {why}" for tool, why in missing.items()]
    parts.append("\n".join([*_orders(results), *aims(results)]))
    return "\n\n".join(part for part in parts if part)


def text_plot(lines: Mapping[str, Points], width: int = 64, height: int = 16) -> str:
    """Draw seconds by hosts, both on logarithmic scales, with letters; they are explained below."""
    all_points = [point for each in lines.values() for point in each]
    if not all_points:
        return ""
    left, right = _span([hosts for hosts, _ in all_points])
    low, high = _span([seconds for _, seconds in all_points])
    cells = [[" "] * width for _ in range(height)]
    marks = dict(zip(lines, MARKS, strict=False))
    for tool, each in lines.items():
        for hosts, seconds in each:
            row = height - 1 - round((math.log(seconds) - low) / (high - low) * (height - 1))
            column = round((math.log(hosts) - left) / (right - left) * (width - len(lines)))
            _put(cells[row], column, marks[tool])
    drawn = []
    for number, cell_row in enumerate(cells):
        value = math.exp(high - (high - low) * number / (height - 1))
        scale = f"{value:8.2f}" if number % 3 == 0 else " " * 8
        drawn.append(f"{scale} |{''.join(cell_row).rstrip()}")
    axis = [" "] * (width + 4)
    for hosts in sorted({hosts for hosts, _ in all_points}):
        column = round((math.log(hosts) - left) / (right - left) * (width - len(lines)))
        axis[column : column + len(str(hosts))] = str(hosts)
    legend = "   ".join(f"{marks[tool]} {LABELS.get(tool, tool)}" for tool in lines)
    foot = f"{'seconds':>8} +{'-' * width}\n{'hosts':>8}  {''.join(axis).rstrip()}"
    return "\n".join([*drawn, foot, legend])


def _put(row: list[str], column: int, mark: str) -> None:
    """Set a mark, beside those that are there already."""
    while column < len(row) - 1 and row[column] != " ":
        column += 1
    row[column] = mark


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = math.log(min(values)), math.log(max(values))
    return (low, high) if high > low else (low - 1, high + 1)


def _orders(results: Results) -> list[str]:
    lines = []
    for phase in TITLES:
        for hosts in results.sizes(phase):
            for tool in results.tools(phase):
                if whole := results.whole(phase, hosts, tool):
                    lines.append(
                        f"{LABELS.get(tool, tool)}, {phase}, {hosts}: {whole:.1f} s from the order to the end"
                    )
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.ljust(width) if number == 0 else cell.rjust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()
