"""Approvals on a real server: by group, of what is shown, put off, and expired; whoever dies in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.answer import answer
from tests.kit.runs import processes

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
Eventually = Callable[..., Any]
SENDOFF = str(Path(sys.executable).with_name("sendoff"))
GATE = {"kind": "approval", "name": "owner", "approvers": ["sam", "priya"]}
BOTH = {
    "kind": "approval",
    "name": "owners",
    "approvals": [{"group": "product", "count": 1}, {"group": "ops", "count": 2}],
}
PLAN = "what is live now, and what will be done in which order (plan)"

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-agreement"), pytest.mark.timeout(2400)]


def say(stack: Stack, run: str, who: str, decision: str = "approve", **more: str) -> str | None:
    """Answer the form; None when the server took it, else why not."""
    stack.form(run)
    given = {"decision": decision, "approver": who, "comment": "", **more}
    return answer(stack.client, stack.run(run), given)


def asked(stack: Stack, run: str, times: int, eventually: Eventually) -> dict[str, Any]:
    """Wait until it was asked so many times, and waits."""
    eventually(
        lambda: len(stack.events(run, "approval.asked")) == times and stack.state(run).is_paused(),
        f"asked {times} times: {stack.logs(run)[-2000:]}",
    )
    return dict(stack.events(run, "approval.asked")[-1].body)


def counted(stack: Stack, run: str) -> list[tuple[str, bool]]:
    return [
        (event.body["approver"], event.body["counted"]) for event in stack.events(run, "approval.answered")
    ]


def test_groups_agree_one_by_one(stack: Stack, application: Make, eventually: Eventually) -> None:
    """Three answers of two groups, each its own resume; the process that goes on after one is killed."""
    app = application(gates=[BOTH])
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    assert "3 more approvals needed at owners, from 1 of product and 2 of ops" in stack.form(run)
    assert say(stack, run, "sam", group="ops") is None
    asked(stack, run, 2, eventually)
    form = stack.form(run)
    assert "- ops: 1 of 2 (sam)" in form
    assert "- product: 0 of 1 (nobody yet)" in form
    assert say(stack, run, "Sam", group="ops") is None
    asked(stack, run, 3, eventually)
    said = "The last answer, of Sam, did not count: 'Sam' has approved already: one person counts once"
    assert said in stack.form(run)

    assert say(stack, run, "priya", group="product") is None
    started = eventually(lambda: processes(run), "it goes on in a process")
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    assert asked(stack, run, 4, eventually)["missing"] == 1
    assert app.live == [None, None]
    assert say(stack, run, "alex", group="ops") is None
    stack.wait_for(run, "Live")
    assert counted(stack, run) == [("sam", True), ("Sam", False), ("priya", True), ("alex", True)]
    assert {event.body["proved"] for event in stack.events(run, "approval.answered")} == {False}
    assert "Agreed to by sam, priya and alex" in stack.report(run)
    stack.assert_settled(app.name)


def test_what_has_changed_is_asked_again(stack: Stack, application: Make, eventually: Eventually) -> None:
    """One of two has agreed when a host changes: both fall, the ledger says by what, both are asked again."""
    app = application(gates=[{**GATE, "count": 2}])
    stack.tell("deploy", app.what("1"), "Done")
    run, _ = stack.tell("release", app.what("2"), "Suspended")
    before = asked(stack, run, 1, eventually)
    assert say(stack, run, "sam") is None
    asked(stack, run, 2, eventually)
    app.on("a").switch("1")
    assert say(stack, run, "priya") is None
    then = asked(stack, run, 3, eventually)
    assert (then["missing"], then["code"] != before["code"]) == (2, True)
    (void,) = stack.events(run, "approval.void")
    assert (void.body["approvers"], void.body["changed"]) == (["sam"], [PLAN])
    form = stack.form(run)
    assert "What was asked at 'owner' has changed: what is live now" in form
    assert then["code"] in form
    assert say(stack, run, "sam", code=before["code"]) is None
    asked(stack, run, 4, eventually)
    assert say(stack, run, "sam", code=then["code"]) is None
    asked(stack, run, 5, eventually)
    assert say(stack, run, "priya") is None
    stack.wait_for(run, "Live")
    assert [each for _, each in counted(stack, run)] == [True, False, False, True, True]
    stack.assert_settled(app.name)


def test_later_asks_again_by_itself(stack: Stack, application: Make, eventually: Eventually) -> None:
    """A time that is none is told; a good one wakes the run when it comes, and it is asked again."""
    app = application(gates=[GATE])
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    assert say(stack, run, "sam", "later", until="soon") is None
    asked(stack, run, 2, eventually)
    assert "'soon' is no time" in stack.form(run)
    cli = (SENDOFF, "approve", run, "--as", "sam", "--later", "20s")
    done = subprocess.run(cli, env=stack.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked(stack, run, 3, eventually)
    assert "Somebody asked to be asked again at" in stack.form(run)
    last = asked(stack, run, 4, eventually)
    until = stack.events(run, "approval.answered")[-1].body["until"]
    assert stack.events(run, "approval.asked")[-1].at.isoformat() >= until
    assert last["question"] == "approval-owner-3--2"
    stack.approve(run, "sam", "Live")
    stack.assert_settled(app.name)


def test_it_expires(stack: Stack, application: Make, eventually: Eventually) -> None:
    """Nobody answers: people are reminded, others asked, and it ends as expired; nothing is left dark."""
    times = {"remind_after": "5s", "escalate_after": "50s", "escalate_to": "duty", "expires_after": "120s"}
    app = application(gates=[{**GATE, **times}])
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    assert app.releases == [["1"], ["1"]]
    eventually(lambda: stack.state(run).name == "Expired", "it expires")
    state = stack.state(run)
    assert state.type == "CANCELLED"
    assert "as not enough people answered in time: nobody else has answered at 'owner'" in state.message
    assert (app.live, app.releases, app.leftovers) == ([None, None], [[], []], [])
    kinds = ("approval.reminded", "approval.escalated", "approval.expired")
    assert [event.kind for event in stack.events(run, *kinds)] == list(kinds)
    asked_at = stack.events(run, "approval.asked")[0].at
    assert (stack.events(run, "approval.expired")[0].at - asked_at).total_seconds() >= 120
    assert stack.end(run) == "expired"
    stack.assert_settled(app.name)


def test_it_escalates_on_a_laptop(
    stack: Stack, application: Make, eventually: Eventually, tmp_path: Path
) -> None:
    """Without a deployment the same times hold in the process that waits; others answer for those asked."""
    app = application(gates=[{**GATE, "escalate_after": "5s", "escalate_to": "duty"}])
    words = [
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
    ]
    command = (SENDOFF, "release", app.name, *words, "--requested-by", "robin", "--local")
    with (tmp_path / "log").open("wb") as log:
        local = subprocess.Popen(command, env=stack.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        created = eventually(
            lambda: stack.ledger.last(None, ("release.created",), app.name), "the release is there"
        )
        run = created.release
        asked(stack, run, 2, eventually)
        assert "anybody of duty may answer as well" in stack.form(run)
        assert say(stack, run, "eve", group="duty") is None
        assert local.wait(timeout=480) == 0, (tmp_path / "log").read_text()
    finally:
        local.kill()
        local.wait()
    assert app.live == ["1", "1"]
    assert counted(stack, run) == [("eve", True)]
    stack.assert_settled(app.name)
