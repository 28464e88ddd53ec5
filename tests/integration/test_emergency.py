"""Break-glass on a real server: what is skipped, who has to agree, how it is marked, and the review."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Stack = Any  # the classes stand in conftest.py, which tests do not import
GATES = [
    {"kind": "approval", "name": "owner", "approvers": ["olga"]},
    {"kind": "approval", "name": "qa", "approvers": ["kim"]},
]
FIRE = {"skip": ["owner"], "reason": "The shop is down"}

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-agreement"), pytest.mark.timeout(2400)]


def closed(stack: Stack, run: str, who: str, *names: str) -> Any:
    """Close a review from the UI's deployment."""
    deployment = stack.client.read_deployment_by_name("close-review/close-review")
    review = {"run": run, "finding": "The cache was full; it is watched now", "requested_by": who}
    started = stack.client.create_flow_run_from_deployment(deployment.id, parameters={"review": review})
    return stack.wait_for(str(started.id), *names)


def where(stack: Stack, run: str, application: str) -> dict[str, str]:
    """Read the row of an application in the table that a run published."""
    rows = stack.artifacts(run)["what-is-where"]
    found: dict[str, str] = next(row for row in _rows(rows) if row["application"] == application)
    return found


def _rows(data: Any) -> list[dict[str, str]]:
    return list(json.loads(data) if isinstance(data, str) else data)


def test_an_emergency_from_start_to_review(stack: Stack, application: Callable[..., Any]) -> None:
    """A second person stands in for the gate that is skipped; the other holds; somebody looks at it later."""
    app = application(gates=GATES, environment={"emergency": {"approvers": ["robin", "sam"]}})
    run = stack.start("release", app.what("1"), {"emergency": FIRE})
    stack.wait_for(run, "Suspended")
    form = stack.form(run)
    assert "EMERGENCY: this release skips owner" in form
    assert "The shop is down" in form

    assert stack.answer(run, "approve", "robin") is None
    stack.wait_for(run, "Suspended")
    assert "requester may not approve" in stack.form(run)
    stack.approve(run, "sam", "Suspended")
    assert "at qa" in stack.form(run)
    stack.approve(run, "kim", "Live")

    found = stack.run(run)
    assert found.name.startswith("EMERGENCY: ")
    assert "EMERGENCY" in found.tags
    artifacts = stack.artifacts(run)
    plan = next(str(data) for key, data in artifacts.items() if key.startswith("plan-"))
    assert "EMERGENCY: Release" in plan
    assert "# EMERGENCY: " in stack.report(run)
    assert where(stack, run, app.name)["emergency"] == "EMERGENCY: review of 1 is open"
    (opened,) = stack.events(run, "review.opened")
    assert (opened.body["skipped"], opened.body["reason"]) == (["owner"], FIRE["reason"])

    following = stack.start("release", app.what("2"))
    stack.wait_for(following, "Suspended")
    assert "is still open: it skipped owner" in stack.form(following)

    refused = closed(stack, run, "Robin", "Refused")
    assert "expected somebody else to close its review" in refused.message
    done = closed(stack, run, "sam", "Completed")
    assert "its review is closed by sam" in done.message
    (shut,) = stack.events(run, "review.closed")
    assert shut.actor == "sam"
    stack.answer(following, "reject", "olga", "not now")
    stack.wait_for(following, "Rejected")
    assert where(stack, following, app.name)["emergency"] == ""
    app.stack.assert_settled(app.name)


@pytest.mark.parametrize(
    ("glass", "skip", "said"),
    [
        ({}, ["owner"], "does not allow that gates are skipped"),
        ({"emergency": {}}, ["cto"], "has no gate 'cto'"),
    ],
    ids=["not-allowed", "unknown-gate"],
)
def test_refused_before_anything_happens(
    stack: Stack, make_application: Callable[..., Any], glass: dict[str, Any], skip: list[str], said: str
) -> None:
    """Denied unless allowed, and only for gates that exist; no review is opened of that."""
    app = make_application(f"no-emergency-{skip[0]}", gates=GATES, environment=glass)
    run, state = stack.tell("release", app.what("1"), "Refused", emergency={"skip": skip, "reason": "so"})
    assert said in state.message
    assert stack.events(run, "review.opened") == []
    assert app.releases == [[], []]


def test_the_second_person_says_no(stack: Stack, application: Callable[..., Any]) -> None:
    """Nothing goes live, nothing was skipped, and nobody has to look at it."""
    app = application(gates=GATES, environment={"emergency": {}})
    run = stack.start("release", app.what("1"), {"emergency": {"skip": ["owner", "qa"], "reason": "so"}})
    stack.wait_for(run, "Suspended")
    stack.answer(run, "reject", "sam", "it can wait until morning")
    stack.wait_for(run, "Rejected")
    assert stack.events(run, "review.opened") == []
    assert app.releases == [[], []]
