"""What was measured, and what follows from it: medians, ratios to one tool, and whether the aims are met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

REFERENCE = "ssh-tar-gz"
TARGET, FLOW = "sendoff", "sendoff-flow"
MOST_RATIO = 1.2
FLOW_AT, FLOW_MORE, FLOW_SHARE = 50, 5.0, 1.25

Phase = Literal["first", "next"]


@dataclass(frozen=True)
class Sample:
    """One run of one tool. CPU seconds of client and farm; `others`: cores that others used, on average.

    `whole`: seconds from the order to the end, where that is not the same as `seconds`.
    """

    phase: Phase
    hosts: int
    tool: str
    repeat: int
    seconds: float
    cpu: float
    farm_cpu: float
    others: float
    whole: float | None = None
    wrong: str | None = None


class Results:
    """Samples by what they measure; those of runs that went wrong do not count."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples = [sample for sample in samples if sample.wrong is None]

    def tools(self, phase: Phase) -> list[str]:
        """List the tools that were measured, in the order in which they first ran."""
        return list(dict.fromkeys(each.tool for each in self.samples if each.phase == phase))

    def sizes(self, phase: Phase) -> list[int]:
        """List the numbers of hosts that were measured."""
        return sorted({each.hosts for each in self.samples if each.phase == phase})

    def of(self, phase: Phase, hosts: int, tool: str) -> list[Sample]:
        """List the samples of one cell of the table."""
        return [s for s in self.samples if (s.phase, s.hosts, s.tool) == (phase, hosts, tool)]

    def seconds(self, phase: Phase, hosts: int, tool: str) -> float | None:
        """Give the median; None where nothing was measured."""
        return _median([each.seconds for each in self.of(phase, hosts, tool)])

    def cpu(self, phase: Phase, hosts: int, tool: str) -> tuple[float | None, float | None]:
        """Give the medians of the client's and the farm's CPU seconds; None where nothing was measured."""
        cell = self.of(phase, hosts, tool)
        return _median([each.cpu for each in cell]), _median([each.farm_cpu for each in cell])

    @property
    def others(self) -> float:
        """Tell how many cores others used while all this was measured, on average; the median."""
        return _median([each.others for each in self.samples]) or 0.0

    def whole(self, phase: Phase, hosts: int, tool: str) -> float | None:
        """Give the median from the order to the end; None where that is the same as `seconds`."""
        return _median([each.whole for each in self.of(phase, hosts, tool) if each.whole is not None])

    def ratio(self, phase: Phase, hosts: int, tool: str, to: str = REFERENCE) -> float | None:
        """Divide run by run, each by the run of the other tool beside it; the median of that."""
        beside = {each.repeat: each.seconds for each in self.of(phase, hosts, to)}
        mine = [s for s in self.of(phase, hosts, tool) if s.repeat in beside]
        return _median([each.seconds / beside[each.repeat] for each in mine])


def aims(results: Results) -> list[str]:
    """Say of each aim whether it is met, in a line; nothing of what was not measured."""
    lines = []
    for hosts in results.sizes("first"):
        ratio = results.ratio("first", hosts, TARGET)
        if ratio is not None:
            lines.append(
                f"target code on {hosts}: {ratio:.2f} times {REFERENCE}, "
                f"aim: at most {MOST_RATIO} - {_met(ratio <= MOST_RATIO)}"
            )
    for phase in ("first", "next"):
        lines += _flow_aim(results, phase)
    return lines


def _flow_aim(results: Results, phase: Phase) -> Sequence[str]:
    flow, target = results.seconds(phase, FLOW_AT, FLOW), results.seconds(phase, FLOW_AT, TARGET)
    if flow is None or target is None:
        return ()
    most = FLOW_MORE + FLOW_SHARE * target
    return (
        f"whole flow on {FLOW_AT}, {phase} release: {flow:.1f} s, aim: at most {most:.1f} s "
        f"({FLOW_MORE:.0f} s and {FLOW_SHARE:.2f} times {target:.1f} s) - {_met(flow <= most)}",
    )


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
