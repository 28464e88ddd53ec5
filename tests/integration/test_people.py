"""What people decide: rejections, answers that do not count, two gates, two releases at once."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import State, StateType

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
GATE = {"kind": "approval", "name": "owner", "approvers": ["sam", "priya"]}
SENDOFF = str(Path(sys.executable).with_name("sendoff"))

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect"), pytest.mark.timeout(2400)]


def plan_code(form: str) -> str:
    found = re.search(r"plan code ([0-9a-f]{8})", form)
    assert found, form
    return found[1]


def test_rejection_takes_away_what_was_staged(stack: Stack, application: Make) -> None:
    """A rejection removes the dark release from where it was put; where it had been before, it stays."""
    app = application(gates=[GATE])
    stack.tell("deploy", app.what("1"), "Done")
    lost = app.on("b").release("1")
    shutil.rmtree(lost)
    shutil.rmtree(app.on("b").path / ".sendoff" / "manifests" / lost.name)
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    assert app.releases == [["1"], ["1"]]
    assert stack.answer(run, "reject", "sam", "not before the holidays") is None
    state = stack.wait_for(run, "Rejected")
    assert state.type == "CANCELLED"
    assert "sam wrote 'not before the holidays'" in state.message
    assert app.releases == [["1"], []]
    assert app.live == [None, None]
    assert app.leftovers == []
    assert stack.end(run) == "rejected"
    assert not [task for task in stack.tasks(run) if task.state_type == StateType.FAILED]
    stack.assert_settled(app.name)


def test_one_release_at_a_time_and_a_plan_that_changes(stack: Stack, application: Make) -> None:
    """A second one is refused, a cancelled one does not block, and an approval is of one plan only."""
    app = application(gates=[GATE])
    first, _ = stack.tell("release", app.what("1"), "Suspended")
    _, refused = stack.tell("release", app.what("2"), "Refused", requested_by="alex")
    assert "held by robin" in refused.message
    assert app.releases == [["1"], ["1"]]

    stack.client.set_flow_run_state(UUID(first), State(type=StateType.CANCELLING))
    assert stack.wait_for(first, "Cancelled").is_final()
    third, _ = stack.tell("release", app.what("3"), "Suspended")
    assert stack.end(first) == "cancelled"

    before = plan_code(stack.form(third))
    app.on("a").switch("1")
    stack.approve(third, "sam", "Suspended")
    form = stack.form(third)
    assert plan_code(form) != before
    assert "which has changed since" in form
    assert app.live == ["1", None]
    stack.approve(third, "sam", "Live")
    assert app.live == ["3", "3"]
    assert [event.body["counted"] for event in stack.events(third, "approval.answered")] == [False, True]
    assert stack.end(third) == "live"
    stack.assert_settled(app.name)


def test_two_gates_on_a_laptop(
    stack: Stack, application: Make, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    """Without a deployment the run pauses in place; one person counts once; the gates are passed in order."""
    operations = {"kind": "approval", "name": "operations", "approvers": ["alex"]}
    app = application(gates=[{**GATE, "count": 2}, operations])
    words = (
        "--env",
        "production",
        "--version",
        "1",
        "--summary",
        "New",
        "--reason",
        "Tests",
        "--risk",
        "low",
    )
    command = (SENDOFF, "release", app.name, *words, "--requested-by", "robin", "--local")
    with (tmp_path / "log").open("wb") as log:
        local = subprocess.Popen(command, env=stack.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        created = eventually(
            lambda: stack.ledger.last(None, ("release.created",), app.name), "the release is there"
        )
        run = created.release
        stack.wait_for(run, "Paused")
        code = stack.events(run, "approval.asked")[-1].body["code"]
        cli = (SENDOFF, "approve", run, "--as", "sam")
        unread, approved = (
            subprocess.run(
                (*cli, *words), env=stack.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False,
            )
            for words in ((), ("--code", code))
        )  # fmt: skip
        assert (unread.returncode, f"add --code {code}" in unread.stderr) == (1, True), unread.stderr
        assert approved.returncode == 0, approved.stderr
        for approver in ("sam", "priya"):
            stack.wait_for(run, "Paused")
            assert stack.answer(run, "approve", approver) is None
        stack.wait_for(run, "Paused")
        assert app.live == [None, None]
        assert stack.answer(run, "approve", "priya") is not None
        stack.approve(run, "alex", "Live")
        assert local.wait(timeout=480) == 0, (tmp_path / "log").read_text()
    finally:
        local.kill()
        local.wait()
    answers = [event.body for event in stack.events(run, "approval.answered")]
    assert [(each["gate"], each["approver"], each["counted"]) for each in answers] == [
        ("owner", "sam", True),
        ("owner", "sam", False),
        ("owner", "priya", True),
        ("operations", "alex", True),
    ]
    assert "sendoff approve RUN --as YOU" in (tmp_path / "log").read_text()
    assert app.live == ["1", "1"]
    stack.assert_settled(app.name)
