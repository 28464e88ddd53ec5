"""Results as a picture: seconds by hosts, for the first release and for the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot

from benchmarks.results import Results
from benchmarks.show import LABELS, TITLES, Points, points

COLOURS = {
    "sendoff": "#1b6ca8",
    "sendoff-flow": "#6fb1dd",
    "ssh-tar-gz": "#333333",
    "ssh-tar": "#999999",
    "rsync": "#3a8f5c",
    "ansible": "#c2452d",
    "ansible-rsync": "#e29578",
}
APART = 1.14  # labels stand at least this factor from each other


def spread(wanted: Mapping[str, float], apart: float = APART) -> dict[str, float]:
    """Move the places of labels on a logarithmic axis apart, in their order, so that none covers another."""
    placed: dict[str, float] = {}
    lowest = 0.0
    for name, value in sorted(wanted.items(), key=lambda item: item[1]):
        placed[name] = max(value, lowest)
        lowest = placed[name] * apart
    return placed


def draw(results: Results, path: Path, caption: str) -> None:
    """Write the picture as PNG."""
    mpl.use("Agg")
    phases = [phase for phase in TITLES if results.sizes(phase)]
    figure, axes = pyplot.subplots(
        1, len(phases), figsize=(7.2 * len(phases), 5.6), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, phase in zip(axes[0], phases, strict=True):
        _draw_phase(axis, points(results, phase), results.sizes(phase))
        axis.set_title(TITLES[phase], loc="left", fontsize=12)
    axes[0][0].set_ylabel("seconds until live on all hosts")
    figure.supxlabel(caption, fontsize=8, color="#555555")
    figure.savefig(path, dpi=140)
    pyplot.close(figure)


def _draw_phase(axis: Any, lines: Mapping[str, Points], sizes: Sequence[int]) -> None:
    axis.set_xscale("log")
    axis.set_yscale("log")
    labels = spread({tool: each[-1][1] for tool, each in lines.items() if each})
    for tool, each in lines.items():
        colour = COLOURS.get(tool, "#777777")
        bold = tool.startswith("sendoff")
        axis.plot(
            *zip(*each, strict=True), marker="o", markersize=4, color=colour, linewidth=2.2 if bold else 1.3
        )
        axis.annotate(
            f"{LABELS.get(tool, tool)}  {each[-1][1]:.1f} s",
            (sizes[-1], labels[tool]),
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            fontsize=9,
            fontweight="bold" if bold else "normal",
            va="center",
        )
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.set_xticks([], minor=True)
    axis.set_xlim(sizes[0] * 0.85, sizes[-1] * (sizes[-1] / sizes[0]) ** 0.62 * 1.6)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_xlabel("hosts", loc="left")
    axis.grid(visible=True, which="major", color="#e4e4e4", linewidth=0.7)
    axis.spines[["top", "right"]].set_visible(False)
