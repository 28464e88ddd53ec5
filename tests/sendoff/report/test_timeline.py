"""The timeline shows work and waiting in a table, and in a chart that Mermaid can read."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.ledger.models import Event
from sendoff.report.phases import phases
from sendoff.report.story import Story
from sendoff.report.timeline import SHORTENED, clean, shortened, where_time_went

LINE = re.compile(r"    [^:;#%\n]+ :(done|active|crit), (\d{4}-[\dT:.-]+), (\d{4}-[\dT:.-]+)")
SECTION = re.compile(r"    section (build|deploy|approval|go live)")


def later(events: list[Event], seconds: float) -> datetime:
    return events[-1].at + timedelta(seconds=seconds)


def told(events: list[Event]) -> str:
    return "\n".join(where_time_went(Story(tuple(events)), later(events, 0)))


def chart(events: list[Event]) -> list[str]:
    return told(events).partition("```mermaid\n")[2].split("\n")


@pytest.mark.parametrize("host", ["web-1", "a:b;c#d%%e\nf", "title", "::", ""])
def test_the_chart_is_valid_whatever_a_host_is_called(cases: dict[str, list[Event]], host: str) -> None:
    """Every line is a section or a bar of the form that Mermaid knows."""
    lines = chart(
        [
            event.model_copy(update={"body": {**event.body, "host": host}})
            if event.body.get("host")
            else event
            for event in cases["good"]
        ]
    )
    assert (lines[1], lines[-1]) == ("gantt", "```")
    assert all(LINE.fullmatch(line) or SECTION.fullmatch(line) for line in lines[4:-1])


@pytest.mark.parametrize("name", ["good", "first-release"])
def test_the_style_is_json(cases: dict[str, list[Event]], name: str) -> None:
    """Mermaid reads its settings from the first line, a dark theme among them."""
    style = re.fullmatch(r"%%\{init: (.*)\}%%", chart(cases[name])[0])
    assert style
    assert json.loads(style[1])["theme"] == "dark"


@given(st.text())
def test_labels_are_clean(text: str) -> None:
    """No sign that Mermaid could take for its own, and never empty."""
    assert re.fullmatch(r"[^:;#%,`\"<>{}\n]+", clean(text))


def test_the_table_adds_up(cases: dict[str, list[Event]]) -> None:
    """Work, waiting and the rest, each with its share of the whole."""
    rows = [line for line in told(cases["good"]).split("\n") if line.startswith("| ")]
    assert rows[0] == "| Step | Took | Share |"
    assert "| Wait for people (business) | 20 min | 94 % |" in rows
    assert "| Between the steps | 2 s | below 1 % |" in rows
    assert rows[-1] == "| All of it | 21 min 11 s | 100 % |"


def test_a_long_wait_is_drawn_shortened_and_told_in_full(cases: dict[str, list[Event]]) -> None:
    """Work stays to be seen beside it; the label has the truth, and the axis is not drawn."""
    text = told(cases["good"])
    assert SHORTENED in text
    assert ".grid { display: none }" in text
    (line,) = (line for line in text.split("\n") if "wait for people (business) (20 min)" in line)
    found = LINE.fullmatch(line)
    assert found
    drawn = datetime.fromisoformat(found[3]) - datetime.fromisoformat(found[2])
    assert 10 < drawn.total_seconds() < 40


def test_without_a_long_wait_time_is_drawn_as_it_was(cases: dict[str, list[Event]]) -> None:
    """Nothing is said to be shortened, and the axis is there."""
    text = told(cases["first-release"])
    assert SHORTENED not in text
    assert ".grid" not in text


@given(st.lists(st.floats(0, 2000), min_size=2, max_size=6))
def test_the_shortened_clock_never_goes_back(cases: dict[str, list[Event]], seconds: list[float]) -> None:
    """What came first is drawn first."""
    events = cases["good"]
    clock = shortened(phases(Story(tuple(events)), later(events, 0)))
    assert clock
    drawn = [clock(events[0].at + timedelta(seconds=each)) for each in sorted(seconds)]
    assert drawn == sorted(drawn)


def test_nothing_done_shows_nothing() -> None:
    """An empty chart would be an error in Mermaid."""
    assert list(where_time_went(Story(()), datetime(2026, 1, 1))) == []
