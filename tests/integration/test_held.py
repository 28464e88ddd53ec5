"""Releases that may not go on now: they suspend, say why and on whom, and go on when they may."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.answer import answer
from tasks.waking import wake
from tests.kit.runs import processes, send

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
Until = Callable[..., Any]
SENDOFF = str(Path(sys.executable).with_name("sendoff"))
WAITS = 'until [ -e "$1/go" ]; do sleep 0.1; done'
WHOSE = {"owner": "ops", "reason": "Year end"}

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-agreement"), pytest.mark.timeout(2400)]


def cli(stack: Stack, *words: str) -> str:
    done = subprocess.run((SENDOFF, *words), env=stack.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def minutes_from_now(minutes: int) -> str:
    return f"{datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m-%d %H:%M}"


def frozen(minutes: int, **more: Any) -> list[dict[str, Any]]:
    return [{**WHOSE, "begins": minutes_from_now(-60), "ends": minutes_from_now(minutes), **more}]


def holds(stack: Stack, run: str) -> list[str]:
    return [event.body["place"] for event in stack.events(run, "release.held")]


def lease(stack: Stack, app: Application) -> Any:
    return next((each for each in stack.ledger.leases() if each.resource.startswith(f"{app.name}/")), None)


def order(stack: Stack, app: Application, choice: str, reason: str) -> str:
    """Stop the line of an application, or let it go, as from the UI."""
    deployment = stack.client.read_deployment_by_name("stop-the-line/stop-the-line")
    asked = {"choice": choice, "reason": reason, "who": "ada", "application": app.name}
    run = stack.client.create_flow_run_from_deployment(deployment.id, parameters={"order": asked})
    return str(run.id)


def test_the_line_is_stopped_and_let_go(stack: Stack, application: Make, eventually: Until) -> None:
    """Before anything is put on a host it suspends, keeps its environment, and goes on when it is let go."""
    app = application()
    cli(stack, "line", "stop", "--application", app.name, "--reason", "an outage")
    assert f"all releases of {app.name}" in cli(stack, "line")
    run, state = stack.tell("release", app.what("1"), "Suspended")
    who = stack.ledger.last("line").actor
    why = f"it waits, as {who} stopped the line (an outage), which holds until somebody lets it go; "
    assert state.message == f"{why}when it may ship depends on whoever lets the line go"
    assert cli(stack, "why", run) == f"{app.name} 1 to production: {state.message}\n"
    assert state.message in cli(stack, "status", app.name)
    assert app.releases == [[], []]
    eventually(lambda: lease(stack, app).expires is None, "it is kept while nobody renews it")
    assert f"production of {app.name}: not now: {state.message}" in stack.logs(run)

    wake(stack.client, stack.run(run))
    eventually(
        lambda: stack.state(run).id != state.id and stack.state(run).name == "Suspended", "it looks again"
    )
    assert holds(stack, run) == ["deploy"], "it is written down once"

    letting = order(stack, app, "let go", "it is over")
    assert "woken" in stack.wait_for(letting, "Completed").message
    stack.wait_for(run, "Live")
    assert app.live == ["1", "1"]
    assert [event.kind for event in stack.events(run, "release.held", "release.let_go")] == [
        "release.held",
        "release.let_go",
    ]
    assert "was being held" in stack.report(run)
    stack.assert_settled(app.name)


def test_a_batch_is_finished_first(stack: Stack, application: Make, eventually: Until) -> None:
    """A line that is stopped in the middle: the batch that is under way is finished, the next one is held."""
    app = application()
    commands = {"after": [["sh", "-c", WAITS, "sh", "{base}"]], "timeout": "40m"}
    app.describe(target={"name": "web", "commands": commands})
    run = stack.start("release", app.what("1"))
    eventually(lambda: app.live == ["1", None], "it is live on a, in the middle of its commands")
    stack.wait_for(order(stack, app, "stop", "an outage"), "Completed")
    for host in app.hosts.hosts.values():
        (host.folder / "go").touch()
    stack.wait_for(run, "Suspended")
    assert holds(stack, run) == ["go-live/2"]
    assert app.live == ["1", None]
    done = [each.body["host"] for each in stack.events(run, "step.done") if each.body["action"] == "go-live"]
    assert done == ["a"]
    cli(stack, "line", "go", "--application", app.name, "--reason", "over")
    stack.wait_for(run, "Live")
    assert app.live == ["1", "1"]
    stack.assert_settled(app.name)


def test_goes_on_by_itself(stack: Stack, application: Make, eventually: Until) -> None:
    """A freeze that ends wakes what it held."""
    app = application()
    app.describe(freezes=frozen(2))
    run, state = stack.tell("release", app.what("1"), "Suspended")
    ends = app.stack.events(run, "release.held")[0].body["until"]
    assert f"may ship is {datetime.fromisoformat(ends):%Y-%m-%d %H:%M} UTC" in state.message
    eventually(lambda: stack.state(run).name == "Live", "it goes on by itself")
    (let_go,) = stack.events(run, "release.let_go")
    assert timedelta() <= let_go.at - datetime.fromisoformat(ends) < timedelta(seconds=90)


def test_killed_while_held_and_overridden(stack: Stack, application: Make, eventually: Until) -> None:
    """A process that dies as it is about to wait is gone on with; only the freeze's owner lets it ship."""
    app = application()
    app.describe(freezes=frozen(120))
    run = stack.start("release", app.what("1"))
    eventually(lambda: holds(stack, run), "it is held", pause=0.01)
    send(processes(run), signal.SIGKILL)
    eventually(lambda: stack.state(run).name == "Suspended", "it waits, in whichever process it got there")
    text = stack.form(run)
    assert f"## {app.name} 1 to production is held by a freeze" in text
    assert "owner: **ops**" in text

    given = {"decision": "ship anyway", "who": "mallory", "comment": "I want to"}
    before = stack.state(run).id
    assert answer(stack.client, stack.run(run), given) is None
    eventually(lambda: stack.state(run).id != before and stack.state(run).name == "Suspended", "it waits on")
    assert "'mallory' may not override it: expected ops" in stack.form(run)

    assert answer(stack.client, stack.run(run), {**given, "who": "ops", "comment": "it burns"}) is None
    stack.wait_for(run, "Live")
    assert app.live == ["1", "1"]
    assert holds(stack, run) == ["deploy"]
    (overridden,) = stack.events(run, "freeze.overridden")
    assert (overridden.actor, overridden.body["title"]) == ("ops", "Year end")
    assert "ops overrode the freeze 'Year end': it burns" in stack.report(run)
    stack.assert_settled(app.name)


def test_going_back_is_never_held(stack: Stack, application: Make) -> None:
    """Whoever undoes is let through, also while nothing else is."""
    app = application()
    for version in ("1", "2"):
        stack.tell("release", app.what(version), "Live")
    cli(stack, "line", "stop", "--application", app.name, "--reason", "an outage")
    back = {"application": app.name, "environment": "production", "to": "previous"}
    stack.tell("rollback", back, "Live")
    assert app.live == ["1", "1"]
    cli(stack, "line", "go", "--application", app.name, "--reason", "over")


def test_held_in_a_terminal(stack: Stack, application: Make, eventually: Until) -> None:
    """A run without a deployment waits where it is, and goes on there."""
    app = application()
    cli(stack, "line", "stop", "--application", app.name, "--reason", "an outage")
    what = ("release", app.name, "--env", "production", "--version", "1", "--local")
    why = ("--summary", "s", "--reason", "r", "--risk", "low", "--requested-by", "robin")
    with subprocess.Popen(
        (SENDOFF, *what, *why), env=stack.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            eventually(
                lambda: [each for each in stack.ledger.running() if each.body["application"] == app.name],
                "it has begun",
            )
            run = stack.ledger.running()[-1].release
            eventually(lambda: stack.state(run).name == "Paused", "it waits")
            assert "stopped the line" in (stack.state(run).message or "")
            assert "woken" in cli(stack, "line", "go", "--application", app.name, "--reason", "over")
            said, _ = process.communicate(timeout=480)
        finally:
            process.kill()
    assert process.returncode == 0, said
    assert app.live == ["1", "1"]
