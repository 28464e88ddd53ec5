"""A fleet at a site: the worker of that site does its steps, and the release waits for it, not for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelling, Crashed

from tests.kit.runs import having, processes, send

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
Make = Callable[..., Application]
Until = Callable[..., Any]

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-recovery"), pytest.mark.timeout(2400)]
SITE = "berlin"
SECRET = "hunter2-and-more"
WAITS = 'until [ -e "$1/go" ]; do sleep 0.1; done; echo "$2 $DB_PASSWORD" >>"$1/ran"'


class Site:
    """A machine at a site: it shares server, ledger and store with the release's worker, and no more."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.log = folder / "worker.log"
        self._environ = stack.environ | {
            "PREFECT_HOME": str(folder / "prefect"),
            "SENDOFF_HOME": str(folder / "sendoff"),
            "SENDOFF_CATALOG": str(folder),
            "SENDOFF_LEDGER": stack.settings.ledger_url,
        }
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start its worker, as the documentation says."""
        command = ("-m", "prefect", "worker", "start", "--pool", "sendoff-berlin", "--type", "process")
        with self.log.open("ab") as log:
            self._worker = subprocess.Popen(
                [sys.executable, *command],
                env=self._environ, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """Take its power away: nobody reports anything."""
        if self._worker:
            os.kill(self._worker.pid, signal.SIGKILL)
            self._worker.wait()
            send(having(f"SENDOFF_HOME={self._environ['SENDOFF_HOME']}"), signal.SIGKILL)


@pytest.fixture
def site(stack: Stack, tmp_path: Path) -> Iterator[Site]:
    made = Site(stack, tmp_path)
    yield made
    made.kill()


def describe(stack: Stack, app: Application, site: str = SITE) -> None:
    """Put host `a` into a fleet that the release reaches, and `b` into one at a site."""
    app.describe(
        target={
            "hosts": ["a"],
            "commands": {
                "after": [["sh", "-c", WAITS, "sh", "{base}", "{version}"]],
                "secrets": ["DB_PASSWORD"],
                "timeout": "40m",  # they wait as long as the test does
            },
        },
        on_trouble={"ask": False},
    )
    path = app.folder / "release.yaml"
    file = yaml.safe_load(path.read_text())
    here = file["environments"][0]["targets"]
    here.append({**here[0], "name": "far", "hosts": ["b"], "site": site})
    path.write_text(yaml.safe_dump(file, sort_keys=False))
    said = stack.register()
    assert {f"work pool sendoff-{site}", f"deployment at-site/{site}"} <= set(said)
    block = stack.client.read_block_document_by_name(app.name, "sendoff-release-secrets")
    data = {"values": {"DB_PASSWORD": SECRET}}
    stack.client.update_block_document(block.id, BlockDocumentUpdate(data=data, merge_existing_data=False))


def let_go(app: Application) -> None:
    for host in app.hosts.hosts.values():
        (host.folder / "go").touch()


def ran(app: Application, host: str) -> str:
    return str((app.hosts.hosts[host].folder / "ran").read_text())


def errands(stack: Stack, run: str) -> list[FlowRun]:
    """List what the site was asked for, in order."""
    mine = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[UUID(run)]))
    found = stack.client.read_flow_runs(flow_run_filter=mine)
    return sorted(found, key=lambda each: str(each.created))


def test_its_worker_does_its_steps(stack: Stack, application: Make, site: Site) -> None:
    """Steps on the fleet at the site are done there and nowhere else; secrets travel in no parameter."""
    app = application()
    describe(stack, app)
    let_go(app)
    site.start()
    run, _ = stack.tell("release", app.what("1"), "Live")
    assert app.live == ["1", "1"]
    steps = {each.body["step"]: each.body.get("site") for each in stack.events(run, "step.done")}
    assert {step: steps[step] for step in ("deploy/a", "go-live/a", "prune/a")} == dict.fromkeys(
        ("deploy/a", "go-live/a", "prune/a")
    )
    assert {steps[step] for step in ("deploy/b", "go-live/b", "prune/b")} == {SITE}
    asked = errands(stack, run)
    assert {each.work_pool_name for each in asked} == {"sendoff-berlin"}
    assert [each.name for each in asked] == [
        f"{app.name} 1 at berlin: {step} b" for step in ("look at", "deploy to", "go live on", "prune")
    ]
    assert [each.state_name for each in asked] == ["Completed"] * 4
    assert SECRET not in "".join(each.model_dump_json() for each in asked)
    assert ran(app, "b") == f"1 {SECRET}\n"
    assert not stack.events(run, "lease.resumed")
    stack.assert_settled(app.name)


def test_its_worker_dies(stack: Stack, application: Make, site: Site, eventually: Until) -> None:
    """A site whose power fails in the middle of a step does it to its end once it has power again."""
    app = application()
    describe(stack, app)
    site.start()
    run = stack.start("release", app.what("1"))
    (app.hosts.hosts["a"].folder / "go").touch()
    eventually(lambda: app.on("b").live == "1", "b is live, in the middle of its commands")
    site.kill()
    (lost,) = (each for each in errands(stack, run) if "go live" in each.name)
    stack.client.set_flow_run_state(lost.id, Crashed(message="it said nothing for 70 s"), force=True)
    eventually(
        lambda: len(stack.events(run, "lease.resumed")) == 1, "the release goes on under a larger number"
    )
    let_go(app)
    site.start()
    stack.wait_for(run, "Live")
    assert ran(app, "a") == ran(app, "b") == f"1 {SECRET}\n"
    done = [each.body["step"] for each in stack.events(run, "step.done")]
    assert done.count("deploy/b") == 1
    assert [each.state_name for each in errands(stack, run)].count("Crashed") == 1
    stack.assert_settled(app.name)


def test_the_release_dies(stack: Stack, application: Make, site: Site, eventually: Until) -> None:
    """The process that goes on asks the site anew; what was asked for before is fenced, and says so."""
    app = application()
    describe(stack, app)
    (app.hosts.hosts["a"].folder / "go").touch()
    site.start()
    run = stack.start("release", app.what("1"))
    eventually(lambda: app.on("b").live == "1", "b is live, in the middle of its commands")
    send(processes(run), signal.SIGKILL)
    eventually(lambda: len(stack.events(run, "lease.resumed")) == 1, "it goes on in another process")
    let_go(app)
    eventually(lambda: stack.state(run).name == "Live", "it comes to its end")
    assert ran(app, "a") == ran(app, "b") == f"1 {SECRET}\n"
    went = [each for each in errands(stack, run) if each.name.endswith("go live on b")]
    assert [each.state_name for each in went] == ["Fenced", "Completed"], [each.state for each in went]
    done = [each.body["step"] for each in stack.events(run, "step.done")]
    assert [done.count(step) for step in ("deploy/b", "go-live/b")] == [1, 1]
    stack.assert_settled(app.name)


def test_cancelled_in_the_middle(stack: Stack, application: Make, site: Site, eventually: Until) -> None:
    """Cancelling waits for what is under way at the site as well, and nothing is begun there any more."""
    app = application()
    describe(stack, app)
    (app.hosts.hosts["a"].folder / "go").touch()
    site.start()
    run = stack.start("release", app.what("1"))
    eventually(lambda: app.on("b").live == "1", "b is live, in the middle of its commands")
    stack.client.set_flow_run_state(stack.run(run).id, Cancelling())
    eventually(lambda: stack.state(run).type is StateType.CANCELLING, "it is being cancelled")
    eventually(lambda: errands(stack, run)[-1].state_name == "Cancelling", "its step at the site is, too")
    let_go(app)
    eventually(lambda: stack.events(run, "release.ended"), "its end is written down")
    assert stack.end(run) == "cancelled"
    eventually(lambda: stack.state(run).type is StateType.CANCELLED, "it is cancelled")
    eventually(lambda: errands(stack, run)[-1].state_type is StateType.CANCELLED, "so is its step there")
    assert ran(app, "b") == f"1 {SECRET}\n"
    stack.assert_settled(app.name)


def test_it_has_no_worker(stack: Stack, application: Make) -> None:
    """A release does not wait for ever for a site that nobody works at, and says what to do."""
    app = application()
    describe(stack, app, site="nowhere")
    env = {**stack.client.read_deployment_by_name("release/release").job_variables["env"]}
    variables = {"env": {**env, "SENDOFF_SITE_SECONDS": "2"}}
    run = stack.start("release", app.what("1"), job_variables=variables)
    stack.wait_for(run, "Errored")
    (ended,) = stack.events(run, "release.ended")
    assert "site 'nowhere': 'look at': nobody began in 2 s, expected a worker there" in ended.body["said"]
    assert "prefect worker start --pool sendoff-nowhere --type process" in ended.body["said"]
    assert [each.state_name for each in errands(stack, run)] == ["Cancelled"]
    assert app.live == [None, None]
    stack.assert_settled(app.name)
