"""The storefront's release to production, from the start form to the report; then one that is not good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

Stack = Any  # the classes stand in conftest.py, which tests do not import
Root = Any
HOSTS = ("web-1", "web-2", "web-3")
PRODUCTION = {"application": "storefront", "environment": "production"}

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect"), pytest.mark.timeout(2400)]


@dataclass
class Told:
    """One release, and what was to be seen while it went on."""

    run: str
    state: Any = None
    seen: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def released(stack: Stack, on_host: Callable[..., Root]) -> Told:
    """2.4.1, asked for by sam, who answers first, before priya has a say."""
    what = {**PRODUCTION, "version": "2.4.1"}
    told = Told(stack.start("release", what, {"requested_by": "sam", "tickets": ["SHOP-241"]}))
    run, seen = told.run, told.seen
    seen["before"] = [on_host(host).live for host in HOSTS]
    stack.wait_for(run, "Suspended")
    seen["first form"] = stack.form(run)
    seen["dark"] = [(on_host(host).live, on_host(host).releases) for host in HOSTS]
    seen["stranger"] = stack.answer(run, "approve", "mallory")
    seen["after stranger"] = stack.state(run).name
    assert stack.answer(run, "reject", "priya") is None
    stack.wait_for(run, "Suspended")
    seen["form after bare rejection"] = stack.form(run)
    stack.approve(run, "sam", "Suspended")
    seen["form after requester"] = stack.form(run)
    told.state = stack.approve(run, "priya", "Live")
    return told


@pytest.fixture(scope="module")
def undone(stack: Stack, released: Told) -> Told:
    """The version whose health check fails, approved by alex."""
    told = Told(stack.start("release", {**PRODUCTION, "version": "broken"}))
    stack.wait_for(told.run, "Suspended")
    told.state = stack.approve(told.run, "alex", "Undone")
    return told


def test_suspends_dark(released: Told) -> None:
    """While people decide, the release lies on every host and is live on none."""
    assert [live for live, _ in released.seen["dark"]] == released.seen["before"] != ["2.4.1"] * 3
    assert all("2.4.1" in releases for _, releases in released.seen["dark"])


def test_shows_the_brief(released: Told) -> None:
    """Above the form stands what changes, the hosts and the plan's code."""
    form = released.seen["first form"]
    assert "Customers see something new" in form
    assert all(host in form for host in HOSTS)


def test_refuses_a_stranger(released: Told) -> None:
    """The server takes no answer of a person whom the gate does not name; the run stays suspended."""
    assert "mallory" in released.seen["stranger"]
    assert released.seen["after stranger"] == "Suspended"


def test_asks_again_after_a_bare_rejection(released: Told) -> None:
    """A rejection without a reason counts for nothing; the form says what is missing."""
    assert "a rejection needs a reason" in released.seen["form after bare rejection"]


def test_asks_again_after_the_requester(released: Told) -> None:
    """Who asked for a release may not approve it; the form says so."""
    assert "the requester may not approve" in released.seen["form after requester"]


def test_goes_live(stack: Stack, released: Told, on_host: Callable[..., Root]) -> None:
    """After an approval it is live on every host, and the run says so in a sentence."""
    assert released.state.message == "storefront 2.4.1 is live in production on 3 hosts"
    assert stack.end(released.run) == "live"
    for host in HOSTS:
        assert "2.4.1" in on_host(host).releases
        assert on_host(host).leftovers == []
    stack.assert_settled("storefront")


def test_records_every_answer(stack: Stack, released: Told) -> None:
    """The ledger knows who answered what, and which answer counted; a refused one never got there."""
    given = [event.body for event in stack.events(released.run, "approval.answered")]
    assert [(each["approver"], each["decision"], each["counted"]) for each in given] == [
        ("priya", "reject", False),
        ("sam", "approve", False),
        ("priya", "approve", True),
    ]


def test_records_the_story_in_order(stack: Stack, released: Told) -> None:
    """The events that make up a release come once each and in their order."""
    kinds = [event.kind for event in stack.events(released.run)]
    wanted = ["release.created", "lease.taken", "release.built", "release.planned", "approval.asked"]
    firsts = [kinds.index(kind) for kind in (*wanted, "approval.answered", "host.live", "release.ended")]
    assert firsts == sorted(firsts)
    once = ("release.created", "lease.taken", "release.built", "release.planned", "release.ended")
    assert [kinds.count(kind) for kind in once] == [1] * 5
    assert kinds.count("host.live") == 3


def test_finished_steps_are_not_run_again(stack: Stack, released: Told) -> None:
    """After each of three resumes, build, deploy and dark checks come from the results of the first pass."""
    tasks = stack.tasks(released.run)
    for name in ("build 2.4.1", *(f"deploy to {host}" for host in HOSTS)):
        states = sorted(task.state_name for task in tasks if task.name == name)
        assert states == ["Cached"] * 3 + ["Completed"], name
    steps = [event.body["step"] for event in stack.events(released.run, "step.done")]
    for step in ("build/build", *(f"deploy/{host}" for host in HOSTS)):
        assert steps.count(step) == 1, step


def test_run_is_found_by_name_and_tags(stack: Stack, released: Told) -> None:
    """The run is named and tagged after what is released, and to where."""
    run = stack.run(released.run)
    assert run.name == "storefront 2.4.1 to production"
    assert {"storefront", "production", "2.4.1", "release"} <= set(run.tags)


def test_tasks_have_readable_names(stack: Stack, released: Told) -> None:
    """Each task's name says what is done and on which host."""
    names = {task.name for task in stack.tasks(released.run)}
    kinds = ("look at {}", "deploy to {}", "check dark on {}", "go live on {}", "check {}", "tidy up {}")
    for host in HOSTS:
        for kind in kinds:
            assert any(name.startswith(kind.format(host)) for name in names), (kind, host)


def test_shows_plan_report_and_progress(stack: Stack, released: Told) -> None:
    """Beside the run stand its plan, its progress at 100 % and a report that starts with what changed."""
    found = stack.artifacts(released.run)
    plan, report = found["plan-storefront-production"], found["report-storefront-production"]
    assert all(host in plan for host in HOSTS)
    assert float(found["progress-storefront-production"]) == 100
    title, first, second = report.split("\n\n")[:3]
    assert title == "# storefront 2.4.1 to production: live"
    assert first == "What changes: Customers see something new."
    assert second.startswith("Storefront 2.4.1 is live in production on 3 hosts")
    assert "Agreed to by priya." in second
    assert "```mermaid" in report


def test_shows_what_is_where(stack: Stack, released: Told) -> None:
    """The table over all applications has the storefront's production."""
    table = str(stack.artifacts(released.run)["what-is-where"])
    assert "storefront" in table
    assert "2.4.1" in table


def test_bad_release_is_undone(
    stack: Stack, released: Told, undone: Told, on_host: Callable[..., Root]
) -> None:
    """A release that fails its check after the switch is put back by itself; what was live is live again."""
    assert [on_host(host).live for host in HOSTS] == ["2.4.1"] * 3
    assert stack.end(undone.run) == "undone"
    assert undone.state.type == "FAILED"
    moved = [(each.body["host"], each.body["version"]) for each in stack.events(undone.run, "host.live")]
    assert moved == [("web-1", "broken"), ("web-1", "2.4.1")]
    stack.assert_settled("storefront")


def test_undone_says_why(stack: Stack, undone: Told) -> None:
    """The run's message and the report's first paragraph tell host, page, and what is live."""
    message = undone.state.message
    assert message.startswith("storefront broken was undone: web-1 answered 503 instead of 200")
    assert "prices/eur.json" in message
    assert "2.4.1 is live again on all 3 hosts; customers could see it on 1 of 3 hosts for" in message
    first = stack.report(undone.run).split("\n\n")[1]
    assert first.startswith("Storefront broken was undone by itself in production, as it was not good: web-1")
