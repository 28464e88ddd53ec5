"""A report tells business and engineers what came of a release, however far it got."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendoff.ledger.models import Event
from sendoff.report.release import release_report, summary

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
NASTY = "x | `y` <b>\n\n| --- |\n# z ```"


def nasty(value: Any) -> Any:
    """Replace what people type with what nobody should type."""
    if isinstance(value, Mapping):
        typed = {"summary", "reason", "risk_note", "comment", "said", "subject", "author", "approver", "host"}
        return {
            key: NASTY if key in typed and isinstance(each, str) else nasty(each)
            for key, each in value.items()
        }
    return [nasty(each) for each in value] if isinstance(value, list) else value


def tables(report: str) -> list[list[str]]:
    """Read the tables of a report back, a list of lines each."""
    return [match[0].strip().split("\n") for match in re.finditer(r"(?m)(^\|.*\n)+", report)]


def test_the_report_is_as_written_down(case: tuple[str, list[Event]]) -> None:
    """Each case's report is the file of its name; read the file to see what people see."""
    name, events = case
    assert release_report(events, NOW) == (CASES / f"{name}.md").read_text(encoding="utf-8")


def test_every_written_report_has_a_case(cases: dict[str, list[Event]]) -> None:
    """No file is left behind."""
    assert {path.stem for path in CASES.glob("*.md")} == set(cases)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("good", "storefront 2.4.1 is live in production on 3 hosts"),
        (
            "undone",
            "storefront 2.4.1 was undone: web-1 answered 503 instead of 200, 30 times in 10 s; "
            "it said: 'price list: prices/eur.json is missing from this build'; "
            "2.4.0 is live again on all 3 hosts; customers could see it on 1 of 3 hosts for 12 s",
        ),
        (
            "not-put-back",
            "storefront 2.4.1 was undone: web-1 answered 503 instead of 200, 30 times in 10 s; "
            "it said: 'price list: prices/eur.json is missing from this build'; "
            "NOT put back, or not seen to be: web-2; 2.4.0 is live again on web-1 and web-3, and "
            "2.4.1 is live on web-2; "
            "customers could see it on 2 of 3 hosts for up to 18 s and still can on web-2",
        ),
        (
            "rejected",
            "storefront 2.4.1 was rejected and did not go live in production: "
            "bob wrote 'support is not told yet'",
        ),
        (
            "expired",
            "storefront 2.4.1 did not go live in production, as not enough people answered in time: "
            "nobody else has answered at 'business' since 2026-11-23 18:01 UTC",
        ),
        (
            "build-failed",
            "storefront 2.4.1 failed before anybody in production could see it: "
            "build: 'make dist' exited with 2; it said last: 'make: *** [dist] Error 1'",
        ),
        ("rollback", "storefront in production went back to 2.4.0 on 3 hosts"),
    ],
)
def test_the_summary_is_one_line(cases: dict[str, list[Event]], name: str, said: str) -> None:
    """It is the message of the run's final state."""
    assert summary(cases[name]) == said


def test_a_release_that_waits_says_on_what(cases: dict[str, list[Event]]) -> None:
    """Before the end, the report says where it stands."""
    events = cases["good"][:8]
    assert summary(events) == (
        "storefront 2.4.1 to production is waiting for approval 'business' since 2026-11-23 18:01 UTC"
    )
    assert summary(events[:3]) == "storefront 2.4.1 to production is still under way"


@pytest.mark.parametrize("end", ["refused", "errored", "cancelled", "nothing-to-do"])
def test_other_ends_give_their_reason(cases: dict[str, list[Event]], end: str) -> None:
    """What was said at the end is the reason."""
    last = cases["good"][-1].model_copy(update={"body": {"end": end, "said": "because so"}})
    assert summary([*cases["good"][:6], last]).endswith(": because so")
    assert ("What to do next: " in release_report([*cases["good"][:6], last], NOW)) == (
        end != "nothing-to-do"
    )


def test_a_host_left_out_is_named(cases: dict[str, list[Event]]) -> None:
    """Within the limit of failures the release is live, and the report does not hide the rest."""
    events = [event for event in cases["good"] if event.body.get("host") != "web-3"]
    report = release_report(events, NOW)
    assert "live in production on 2 of 3 hosts" in report
    assert report.split("\n")[2] == "**Not on all hosts. Left out: web-3 (2.4.0).**"


def test_a_host_left_out_is_told_with_the_reason(cases: dict[str, list[Event]]) -> None:
    """What failed on it stands above all else, and its checks are not those of the release."""
    report = release_report(cases["left-out"], NOW)
    assert "Left out: web-2 (2.4.0: answered 503 instead of 200" in report.split("\n")[2]
    assert "It is healthy: all 2 checks passed." in report


def test_a_host_that_was_not_put_back_stands_on_top(cases: dict[str, list[Event]]) -> None:
    """Somebody has to look at it now; nothing is read before that."""
    top = release_report(cases["not-put-back"], NOW).split("\n")[2]
    assert top.startswith("**Look at this host now: not put back, or not seen to be: web-2 (the")


def test_hosts_named_only_at_the_end_are_on_top_too(cases: dict[str, list[Event]]) -> None:
    """A host that could not be asked has no event of its own."""
    events = [event for event in cases["not-put-back"] if event.body.get("action") != "undo"]
    assert "web-2 (the connection broke, expected an answer)" in release_report(events, NOW).split("\n")[2]


def test_the_first_paragraph_of_an_undone_release_says_all(cases: dict[str, list[Event]]) -> None:
    """What was wrong, who could see it for how long, what is live, what to do."""
    first = release_report(cases["undone"], NOW).split("\n")[2]
    for part in (
        "web-1 answered 503",
        "prices/eur.json is missing",
        "Customers could see it on 1 of 3 hosts (web-1) for 12 s.",
        "Now 2.4.0 is live again on all 3 hosts.",
        "What to do next: mend what was wrong",
    ):
        assert part in first


def test_an_end_that_is_not_known_is_named(cases: dict[str, list[Event]]) -> None:
    """A later version of Sendoff may know more ends."""
    last = cases["good"][-1].model_copy(update={"body": {"end": "paused", "said": "because so"}})
    assert summary([*cases["good"][:-1], last]).endswith("ended as 'paused': because so")


def test_fifty_hosts_leave_the_report_short(cases: dict[str, list[Event]]) -> None:
    """Hosts and checks are gathered, so that nobody scrolls through a hundred rows."""
    events = cases["good"]
    served = [event for event in events if event.body.get("host") == "web-3" and event.kind != "step.done"]
    more = [
        event.model_copy(update={"body": {**event.body, "host": f"web-{number}"}})
        for number in range(4, 51)
        for event in served
    ]
    lines = release_report([*events[:-1], *more, events[-1]], NOW).split("\n")
    assert "- **health** (after going live): passed on 50 hosts, 4 ms at most" in lines
    assert len(lines) < 90


def test_failing_checks_of_a_live_release_are_not_hidden(cases: dict[str, list[Event]]) -> None:
    """It is not called healthy."""
    bad = cases["undone"]
    failed = next(event for event in bad if event.kind == "check.done")
    report = release_report([*cases["good"][:-1], failed, cases["good"][-1]], NOW)
    assert "Not all is well: web-1 answered 503 instead of 200" in report
    assert "It is healthy" not in report


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_no_part_of_a_story_breaks_the_report(cases: dict[str, list[Event]], data: st.DataObject) -> None:
    """Any subset of events, in order, has a report and a summary."""
    events = data.draw(st.sampled_from(sorted(cases)).map(cases.__getitem__))
    kept = data.draw(st.lists(st.booleans(), min_size=len(events), max_size=len(events)))
    part = [event for event, keep in zip(events, kept, strict=True) if keep]
    assert release_report(part, NOW).startswith("# ")
    assert summary(part)


def test_what_people_type_breaks_no_table(case: tuple[str, list[Event]]) -> None:
    """Pipes, line breaks, fences and HTML in every text leave all tables and the document in shape."""
    _, events = case
    report = release_report([event.model_copy(update={"body": nasty(event.body)}) for event in events], NOW)
    found = tables(report)
    assert found
    for rows in found:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    outside = [line for line in report.split("\n") if not line.startswith("    ")]
    assert not any(re.search(r"(?<!\\)<b", line) for line in outside)
    assert sum(line.startswith("```") for line in outside) in (0, 2)
    assert [line for line in outside if line.startswith("# ")] == report.split("\n")[:1]


def test_held_now(new_tale: Any) -> None:
    """A release that is held says so, and why; also once the owners of freezes were asked."""
    tale = new_tale()
    tale.then(
        1, "release.held", {"place": "deploy", "said": "it waits, as its window is closed", "reasons": []}
    )
    report = release_report(tale.events, NOW)
    assert "is held since 2026-11-23 18:00 UTC: it waits, as its window is closed" in report
    tale.then(60, "hold.asked", {"place": "deploy", "freezes": ["1f2e"]})
    assert "is held since 2026-11-23 18:00 UTC: it waits" in release_report(tale.events, NOW)


@pytest.mark.parametrize(
    ("who", "proved", "line"),
    [
        ("dora", True, "- Requested by: dora (signed in)"),
        ("the schedule", True, "- Requested: by the schedule"),
        ("the schedule", False, "- Requested by: the schedule (not proved)"),
    ],
)
def test_who_asked_for_it(cases: dict[str, list[Event]], who: str, proved: bool, line: str) -> None:
    """A schedule has not signed in; whoever says that they are one has proved nothing."""
    created, *rest = cases["good"]
    body = {**created.body, "why": {**created.body["why"], "requested_by": who}, "proved": proved}
    report = release_report([created.model_copy(update={"body": body}), *rest], NOW)
    assert f"{line}\n" in report
