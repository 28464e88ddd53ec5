"""Something breaks on the way: the run asks what to do, and does what people say, or what was said before."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
Eventually = Callable[..., Any]
SENDOFF = str(Path(sys.executable).with_name("sendoff"))
READY = {"before": [["test", "-e", "{root}/shared/ready-{version}"]]}
GATE = {"kind": "approval", "name": "owner", "approvers": ["sam"]}

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-steps"), pytest.mark.timeout(2400)]


def make_ready(app: Application, version: str, *hosts: str) -> None:
    for host in hosts:
        shared = app.on(host).path / "shared"
        shared.mkdir(parents=True, exist_ok=True)
        (shared / f"ready-{version}").touch()


def stuck_at_b(stack: Stack, make: Make, limit: int = 0, **on_trouble: Any) -> tuple[Application, str]:
    """Have version 1 live, and 2 on a, as what is run before the switch breaks on b."""
    target = {"commands": READY, "max_failures": limit}
    app = make(hosts=("a", "b", "c"), target=target, on_trouble=on_trouble)
    make_ready(app, "1", "a", "b", "c")
    stack.tell("release", app.what("1"), "Live")
    make_ready(app, "2", "a", "c")
    return app, stack.start("release", app.what("2"))


def cli(stack: Stack, *words: str) -> str:
    done = subprocess.run((SENDOFF, *words), env=stack.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def decisions(stack: Stack, run: str) -> list[tuple[str, str, bool]]:
    bodies = [event.body for event in stack.events(run, "trouble.answered")]
    return [(body["decision"], body["who"], body["counted"]) for body in bodies]


def test_tried_again_once_the_host_is_back(stack: Stack, application: Make, eventually: Eventually) -> None:
    """A host that dies is asked about, also in the terminal; once it is back, the release goes on."""
    app = application(hosts=("a", "b", "c"), on_trouble={"answerers": ["ada"]})
    (app.folder / "source" / "files").mkdir()
    (app.folder / "source" / "files" / "big").write_bytes(bytes(range(256)) * 160_000)
    run = stack.start("release", app.what("1"))
    staging = app.on("b").path / ".sendoff" / "tmp"
    eventually(lambda: list(staging.glob("*/tree/files/big")), "the transfer has begun", pause=0.002)
    app.hosts.stop_host("b")
    stack.wait_for(run, "Suspended")
    form = stack.form(run)
    assert "## 1 could not be put on 1 of 3 hosts" in form
    assert "- **undo:** 1 is removed from a and c; nothing went live" in form
    assert "leave out" not in form
    assert [app.on(host).releases for host in ("a", "c")] == [["1"], ["1"]]
    status = json.loads(cli(stack, "status", app.name, "--json"))
    assert status["running"][0]["question"]["broke"] == "1 could not be put on 1 of 3 hosts (b)"
    assert status["leases"]

    app.hosts.start_host("b")
    assert stack.decide(run, "retry", "mallory") is None
    stack.wait_for(run, "Suspended")
    assert "'mallory' may not answer: expected one of ada" in stack.form(run)
    cli(stack, "answer", run, "retry", "--as", "Ada", "--because", "the host is back")
    stack.wait_for(run, "Live")
    assert app.live == ["1", "1", "1"]
    assert app.leftovers == []
    assert decisions(stack, run) == [("retry", "mallory", False), ("retry", "Ada", True)]
    cached = {task.name for task in stack.tasks(run) if task.state_name == "Cached"}
    assert {"deploy to a", "deploy to c"} <= cached
    assert "Ada answered 'retry': the host is back" in stack.report(run)
    stack.assert_settled(app.name)


def test_a_host_that_is_away_is_left_out(stack: Stack, application: Make) -> None:
    """Within the limit it goes on without the host: approvers see that, and so does everybody as drift."""
    app = application(hosts=("a", "b", "c"), target={"max_failures": 1}, gates=[GATE])
    app.hosts.stop_host("b")
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    assert "## 1 of 3 hosts could not be looked at" in stack.form(run)
    assert stack.decide(run, "leave out", "ada", "it is being repaired") is None
    stack.wait_for(run, "Suspended")
    assert "| b | nothing | stays as it is, left out |" in stack.form(run)
    state = stack.approve(run, "sam", "Live")
    assert state.message == f"{app.name} 1 is live in production on 2 of 3 hosts"
    assert app.live == ["1", None, "1"]
    told = "left out by ada, who wrote 'it is being repaired'"
    assert "Not on all hosts. Left out: b (nothing: " in stack.report(run)
    assert told in stack.report(run)
    assert "2 of 3, mixed: nothing on 1, drift: left out b" in cli(stack, "status", app.name)
    rows = json.loads(stack.artifacts(run)["what-is-where"])
    (row,) = (row for row in rows if row["application"] == app.name)
    assert row["drift"] == "b left out: nothing"
    stack.assert_settled(app.name)

    app.hosts.start_host("b")
    again, _ = stack.tell("release", app.what("1"), "Suspended")
    stack.approve(again, "sam", "Live")
    assert app.live == ["1", "1", "1"]
    assert "drift" not in cli(stack, "status", app.name)


def test_left_out_while_it_goes_live(stack: Stack, application: Make) -> None:
    """While people are asked, hosts stay as they are; then the host is put back and the others go on."""
    app, run = stuck_at_b(stack, application, limit=1)
    stack.wait_for(run, "Suspended")
    assert app.live == ["2", "1", "1"]
    form = stack.form(run)
    assert "2 is live on a" in form
    assert "exited with 1, expected 0" in form
    assert stack.decide(run, "leave out", "ada") is None
    stack.wait_for(run, "Live")
    assert app.live == ["2", "1", "2"]
    assert "b (1: " in stack.report(run)
    stack.assert_settled(app.name)


def test_undone(stack: Stack, application: Make) -> None:
    """It is undone when people say so, though it would work by now: what was answered holds."""
    app, run = stuck_at_b(stack, application)
    stack.wait_for(run, "Suspended")
    make_ready(app, "2", "b")
    assert stack.decide(run, "undo", "ada", "too late today") is None
    state = stack.wait_for(run, "Undone")
    assert app.live == ["1", "1", "1"]
    assert "2 could not go live on 1 of 3 hosts (ada answered 'undo': too late today)" in state.message
    stack.assert_settled(app.name)


def test_stopped_where_it_is(stack: Stack, application: Make) -> None:
    """Nothing more is changed, it says what is where, and the environment is free for the next release."""
    app, run = stuck_at_b(stack, application)
    stack.wait_for(run, "Suspended")
    assert stack.decide(run, "stop here", "ada") is None
    state = stack.wait_for(run, "Errored")
    assert app.live == ["2", "1", "1"]
    assert "2 is live on a (ada answered 'stop here')" in state.message
    assert "Now 2 is live on a, and 1 is live on b and c." in stack.report(run)
    stack.assert_settled(app.name)
    make_ready(app, "2", "b")
    stack.tell("release", app.what("2"), "Live")
    assert app.live == ["2", "2", "2"]


def test_nobody_answers(stack: Stack, application: Make) -> None:
    """When the time is up, what the release file says is done, in nobody's name."""
    app, run = stuck_at_b(stack, application, wait="5s", otherwise="undo")
    state = stack.wait_for(run, "Suspended", "Undone")
    while state.name == "Suspended":
        stack.wait_for(run, "Resuming", "Late", "Pending", "Running", "Undone", "Suspended")
        state = stack.state(run)
    state = stack.wait_for(run, "Undone")
    assert app.live == ["1", "1", "1"]
    assert decisions(stack, run) == [("undo", "", True)]
    assert "nobody answered, so 'undo' it is" in state.message
    stack.assert_settled(app.name)


def test_put_back_once_the_host_is_back(stack: Stack, application: Make, eventually: Eventually) -> None:
    """A host that dies before it can be put back is asked about; the way forward is not taken again."""
    app, run = stuck_at_b(stack, application)
    stack.wait_for(run, "Suspended")
    app.hosts.stop_host("a")
    make_ready(app, "2", "b")
    assert stack.decide(run, "undo", "ada") is None
    eventually(lambda: len(stack.events(run, "trouble.asked")) == 2, "asked again")
    stack.wait_for(run, "Suspended")
    assert "1 of 3 hosts could not be put back" in stack.form(run)
    assert "**undo:**" not in stack.form(run)
    app.hosts.start_host("a")
    assert stack.decide(run, "retry", "ada") is None
    stack.wait_for(run, "Undone")
    assert app.live == ["1", "1", "1"]
    assert "NOT put back" not in stack.report(run)
    stack.assert_settled(app.name)


def test_nobody_answers_on_a_laptop(stack: Stack, application: Make, tmp_path: Path) -> None:
    """A run without a deployment keeps the time by itself."""
    app = application(on_trouble={"wait": "3s"})
    app.hosts.stop_host("b")
    words = ("--env", "production", "--version", "1", "--summary", "New", "--reason", "Tests")
    command = (SENDOFF, "release", app.name, *words, "--risk", "low", "--local")
    done = subprocess.run(
        command, env=stack.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "nobody answered, so 'stop here' it is" in done.stdout
    assert app.live == [None, None]
    stack.assert_settled(app.name)
