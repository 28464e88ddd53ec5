"""Where the time went: a short table, and a Mermaid gantt chart for where such charts are drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sendoff.report.markdown import table
from sendoff.report.phases import Phase, Span, covered, phases
from sendoff.report.story import Story
from sendoff.report.words import capital, duration

ORDER = ("build", "deploy", "approval", "hold", "canary", "go live")
WAITS = ("approval", "hold", "canary")
# Where the chart is drawn it stands in a dark box, whatever the theme of the page.
# As wide as that box: a wider one would be made smaller, and its words with it.
SIZES = {
    "useWidth": 620,
    "fontSize": 13,
    "sectionFontSize": 13,
    "barHeight": 22,
    "barGap": 6,
    "leftPadding": 75,
    "rightPadding": 10,
    "topPadding": 30,
}
BRIGHT = "text.taskTextOutsideLeft, text.taskTextOutsideRight { fill: #eee !important }"
NO_AXIS = " .grid { display: none }"
SHORTENED = "In the chart, waiting is drawn shortened; the labels tell how long it really was."
SHORTEST = 0.1  # seconds of the rest that are worth a row

Clock = Callable[[datetime], datetime]


def where_time_went(story: Story, now: datetime) -> Iterator[str]:
    """Show it as a table and as a chart; nothing when nothing has a length yet."""
    known = phases(story, now)
    if not known:
        return
    yield "## Where the time went"
    yield table(("Step", "Took", "Share"), _rows(story, known, now))
    shorten = shortened(known)
    if shorten:
        yield SHORTENED
    yield _gantt(known, shorten)


def _rows(story: Story, known: Sequence[Phase], now: datetime) -> Iterator[tuple[str, str, str]]:
    start = min(story.started_at or known[0].start, known[0].start)
    total = max((story.until(now) - start).total_seconds(), covered([_drawn(phase) for phase in known]))
    took: dict[str, float] = {}
    for phase in known:
        took[phase.label] = took.get(phase.label, 0) + phase.seconds
    for label, seconds in took.items():
        yield capital(label), duration(seconds), _share(seconds, total)
    rest = total - sum(took.values())
    if rest >= SHORTEST:
        yield "Between the steps", duration(rest), _share(rest, total)
    yield "All of it", duration(total), "100 %"


def _share(seconds: float, total: float) -> str:
    share = 100 * seconds / total if total else 0
    return "below 1 %" if share < 1 else f"{share:.0f} %"


def shortened(known: Sequence[Phase]) -> Clock | None:
    """Give a clock on which no wait is longer than a third of all work; None when no wait is."""
    worked = covered([_drawn(phase) for phase in known if phase.section not in WAITS])
    longest = max(worked / 3, 1.0)
    waits = [phase for phase in known if phase.section in WAITS]
    if all(phase.seconds <= longest for phase in waits):
        return None

    def clock(at: datetime) -> datetime:
        saved = timedelta()
        for wait in waits:
            spent = min(max((at - wait.start).total_seconds(), 0), wait.seconds)
            if wait.seconds > longest:
                saved += timedelta(seconds=spent * (1 - longest / wait.seconds))
        return at - saved

    return clock


def clean(label: str) -> str:
    """Leave in a label only what Mermaid cannot mistake for its own signs."""
    kept = "".join(char if char.isalnum() or char in " ._()/-" else " " for char in label)
    return " ".join(kept.split()) or "unnamed"


def _gantt(known: Sequence[Phase], shorten: Clock | None) -> str:
    css = BRIGHT + (NO_AXIS if shorten else "")
    style = json.dumps({"theme": "dark", "themeCSS": css, "gantt": SIZES})
    lines = ["```mermaid", f"%%{{init: {style}}}%%", "gantt"]
    lines += ["    dateFormat YYYY-MM-DDTHH:mm:ss.SSS", "    axisFormat %H:%M:%S"]
    for section in ORDER:
        drawn = [_line(phase, shorten or _as_it_was) for phase in known if phase.section == section]
        lines += [f"    section {section}", *drawn] if drawn else []
    return "\n".join([*lines, "```"])


def _as_it_was(at: datetime) -> datetime:
    return at


def _drawn(phase: Phase) -> Span:
    return phase.start, phase.end


def _line(phase: Phase, clock: Clock) -> str:
    start = clock(phase.start)
    end = max(clock(phase.end), start + timedelta(milliseconds=1))
    label = clean(f"{phase.label} ({duration(phase.seconds)})")
    return f"    {label} :{phase.kind}, {_stamp(start)}, {_stamp(end)}"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
