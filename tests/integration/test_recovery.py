"""Processes that die, wake up or are cancelled in the middle of a release: it comes to the same end."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled, Cancelling, Crashed, Submitting

from tasks.recovery import NOT_BEGUN, SILENCE
from tests.kit.runs import makers, processes, send

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
Until = Callable[..., Any]

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-recovery"), pytest.mark.timeout(2400)]
GATE = {"kind": "approval", "name": "owner", "approvers": ["sam"]}


def waiting(app: Application) -> dict[str, Any]:
    """A command after the switch that waits on each host until a file is there, and then says so once."""
    waits = 'until [ -e "$1/go" ]; do sleep 0.1; done; echo "$2" >>"$1/ran"'
    return {
        "name": "web",
        "commands": {
            "after": [["sh", "-c", waits, "sh", "{base}", "{version}"]],
            "timeout": "40m",  # as long as the test does
        },
    }


def stopped(stack: Stack, run: str, until: Until) -> list[int]:
    """Have a run's processes stand still, but not while one writes to the ledger: nobody else could then."""
    pids = processes(run)

    def stand_still() -> bool:
        send(pids, signal.SIGSTOP)
        if can_be_written(Path(stack.environ["SENDOFF_HOME"], "ledger.db")):
            return True
        send(pids, signal.SIGCONT)
        return False

    until(stand_still, "they stand still")
    return pids


def can_be_written(ledger: Path) -> bool:
    """Tell whether nobody is about to write to an SQLite file."""
    with closing(sqlite3.connect(ledger, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True


def let_go(app: Application) -> None:
    for host in app.hosts.hosts.values():
        (host.folder / "go").touch()


def ran(app: Application, version: str) -> list[int]:
    """Count how often the command has run to its end, on each host."""
    files = [host.folder / "ran" for host in app.hosts.hosts.values()]
    return [file.read_text().split().count(version) if file.exists() else 0 for file in files]


def switching(stack: Stack, app: Application, until: Until) -> str:
    """Start a release and wait until it is live on a host, in the middle of its commands."""
    run: str = stack.start("release", app.what("1"))
    until(lambda: app.live.count("1"), "a host is live")
    return run


def journals(app: Application) -> list[int]:
    """Count the switches that each host has written down."""
    files = [app.on(host).path / ".sendoff" / "journal" for host in app.hosts.names]
    return [len(file.read_text().splitlines()) for file in files]


def lease(stack: Stack, app: Application) -> Any:
    (held,) = (lease for lease in stack.ledger.leases() if lease.resource.startswith(app.name))
    return held


def done(stack: Stack, run: str, action: str) -> list[str]:
    return [each.body["step"] for each in stack.events(run, "step.done") if each.body["action"] == action]


@pytest.mark.parametrize("struck", [processes, makers], ids=["its process", "what that is a copy of"])
def test_killed_while_it_goes_live(
    stack: Stack, application: Make, eventually: Until, struck: Callable[[str], list[int]]
) -> None:
    """A run whose process is killed goes on by itself; each host is switched once, each command ends once."""
    app = application()
    app.describe(target=waiting(app))
    run = switching(stack, app, eventually)
    pids = struck(run)
    assert pids
    send(pids, signal.SIGKILL)
    eventually(lambda: stack.state(run).name in ("Crashed", "AwaitingRetry"), "the worker reports it")
    let_go(app)
    eventually(lambda: stack.state(run).name == "Live", "it goes on by itself")
    assert app.live == ["1", "1"]
    assert ran(app, "1") == [1, 1]
    assert journals(app) == [1, 1]
    assert done(stack, run, "build") == ["build/build"]
    assert sorted(done(stack, run, "deploy")) == ["deploy/a", "deploy/b"]
    assert [event.body["attempt"] for event in stack.events(run, "release.recovered")] == [1]
    assert len(stack.events(run, "lease.resumed")) == 1
    assert app.leftovers == []
    stack.assert_settled(app.name)


def test_the_zombie_that_wakes(stack: Stack, application: Make, eventually: Until) -> None:
    """A process that was believed dead, and wakes up, changes nothing more and says nothing of the run."""
    app = application()
    app.describe(target=waiting(app))
    run = switching(stack, app, eventually)
    zombies = stopped(stack, run, eventually)
    stack.client.set_flow_run_state(stack.run(run).id, Crashed(message="believed dead"), force=True)
    eventually(lambda: len(stack.events(run, "lease.resumed")) == 1, "it goes on in another process")
    for pid in zombies:
        os.kill(pid, signal.SIGCONT)
    let_go(app)
    eventually(lambda: stack.state(run).name == "Live", "it comes to its end")
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in zombies), "the zombie is gone")
    assert stack.state(run).name == "Live"
    assert app.live == ["1", "1"]
    assert ran(app, "1") == [1, 1]
    assert journals(app) == [1, 1]
    stack.assert_settled(app.name)


def test_its_worker_dies_before_it_begins(stack: Stack, application: Make, eventually: Until) -> None:
    """A run that a worker has taken, and of which nothing is heard any more, goes on with another one."""
    app = application(hosts=("a",))
    run = stack.start("release", app.what("1"), state={"type": "PENDING", "name": "Pending"})
    stack.client.set_flow_run_state(run, Submitting())
    eventually(lambda: stack.state(run).name == "Live", "it is live")
    (recovered,) = stack.events(f"{run}{NOT_BEGUN}", "release.recovered")
    assert "nothing was heard of it" in recovered.body["why"]
    assert app.live == ["1"]
    stack.assert_settled(app.name)


def test_taken_for_silent_too_early(stack: Stack, application: Make, eventually: Until) -> None:
    """A run that was heard of lately is looked at again, and goes on when nothing more was heard of it."""
    app = application(hosts=("a",))
    run = stack.start("release", app.what("1"), state={"type": "PENDING", "name": "Pending"})
    stack.client.set_flow_run_state(run, Submitting())
    recover = stack.client.read_deployment_by_name("recover/recover").id
    silent = {"run": run, "silent": True}
    first = stack.client.create_flow_run_from_deployment(recover, parameters=silent)
    assert "needs nothing yet" in (stack.wait_for(str(first.id), "Completed").message or "")
    of_recover = DeploymentFilter(id=DeploymentFilterId(any_=[recover]))
    known = stack.client.read_flow_runs(deployment_filter=of_recover)
    (second,) = [each for each in known if each.parameters.get("since") and each.parameters["run"] == run]
    heard = stack.run(run).state.timestamp
    assert timedelta(0) <= second.expected_start_time - heard - SILENCE < timedelta(seconds=5)
    assert stack.wait_for(str(second.id), "Completed").message
    eventually(lambda: stack.state(run).name == "Live", "it is live")
    stack.assert_settled(app.name)


def test_cancelled_while_it_goes_live(stack: Stack, application: Make, eventually: Until) -> None:
    """Cancelling waits for what is under way on a host, says where it stopped, and frees the environment."""
    app = application(hosts=("a", "b"))
    app.describe(target={**waiting(app), "batch": 1})
    run = switching(stack, app, eventually)
    stack.client.set_flow_run_state(stack.run(run).id, Cancelling())
    eventually(lambda: stack.state(run).type is StateType.CANCELLING, "it is being cancelled")
    let_go(app)
    eventually(lambda: stack.state(run).type is StateType.CANCELLED, "it is cancelled")
    assert stack.end(run) == "cancelled"
    (ended,) = stack.events(run, "release.ended")
    assert ended.body["said"] == "it stopped when it was live on a; 1 is live on a, and nothing is live on b"
    assert app.live == ["1", None]
    assert ran(app, "1") == [1, 0]
    assert "it stopped when it was live on a" in stack.state(run).message
    stack.assert_settled(app.name)


def test_cancelled_while_people_decide(stack: Stack, application: Make, eventually: Until) -> None:
    """A run that no process has is brought to its end as well: its environment is free again."""
    app = application(gates=[GATE])
    run, _ = stack.tell("release", app.what("1"), "Suspended")
    eventually(lambda: lease(stack, app).expires is None, "it is kept while nobody renews it")
    stack.client.set_flow_run_state(stack.run(run).id, Cancelled())
    eventually(lambda: stack.events(run, "release.ended"), "somebody brings it to its end")
    assert stack.end(run) == "cancelled"
    said = "it stopped when it lay dark on all 2 hosts"
    eventually(lambda: said in (stack.state(run).message or ""), "its state tells where it stopped")
    assert "was cancelled" in stack.report(run)
    stack.assert_settled(app.name)


def test_killed_again_and_again(stack: Stack, application: Make, eventually: Until) -> None:
    """Beyond the limit it is given up: its end says so, what is live and what to do; nothing stays locked."""
    app = application()
    app.describe(target=waiting(app))
    run = switching(stack, app, eventually)
    eventually(lambda: stack.ledger.last(run, ("host.live",)), "what is live is written down")
    for number in range(1, 6):
        body = {"attempt": number, "of": 5, "why": "as before", "by": "recover"}
        stack.ledger.append(run, "release.recovered", "recover", body, f"recovered/{number}")
    send(processes(run), signal.SIGKILL)
    eventually(lambda: stack.state(run).name == "Errored", "it is given up")
    message = stack.state(run).message
    assert "its process died 6 times" in message
    assert "look for the cause before you start it again" in message
    assert stack.end(run) == "errored"
    assert "1 is live on a" in stack.report(run)
    let_go(app)
    stack.assert_settled(app.name)
