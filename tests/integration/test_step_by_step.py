"""Each story started alone, one after the other on one application; then the ways back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from prefect.states import AwaitingRetry

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any
SERVES = {"kind": "command", "name": "serves", "command": ["grep", "-qx", "{version}", "version"]}

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-steps"), pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def app(make_application: Callable[..., Application]) -> Application:
    return make_application("step-by-step", checks=[{**SERVES, "deadline": "2s", "interval": "200ms"}])


@pytest.fixture(scope="module")
def built(stack: Stack, app: Application) -> Any:
    _, state = stack.tell("build", app.what("1"), "Done")
    return state, app.releases


@pytest.fixture(scope="module")
def deployed(stack: Stack, app: Application, built: Any) -> Any:
    run, _ = stack.tell("deploy", app.what("1"), "Done")
    return run, app.live, app.releases


@pytest.fixture(scope="module")
def went_live(stack: Stack, app: Application, deployed: Any) -> Any:
    run, state = stack.tell("go-live", app.what("1"), "Live")
    return run, state, app.live


@pytest.fixture(scope="module")
def went_back(stack: Stack, app: Application, went_live: Any) -> Any:
    stack.tell("release", app.what("2"), "Live")
    before = app.live
    run, state = stack.tell("rollback", {**app.where, "to": "previous"}, "Live")
    return run, state, before, app.live


def test_build_alone(built: Any) -> None:
    """It ends as Done, says so, and touches no host."""
    state, releases = built
    assert "under way" not in state.message
    assert "no reason" not in state.message
    assert releases == [[], []]


def test_deploy_alone(stack: Stack, deployed: Any) -> None:
    """It puts the version on every host, dark, and builds nothing again that was built before."""
    run, live, releases = deployed
    assert live == [None, None]
    assert releases == [["1"], ["1"]]
    (build,) = [each.body for each in stack.events(run, "step.done") if each.body["action"] == "build"]
    assert build["changed"] is False


def test_verify_alone(stack: Stack, app: Application, went_live: Any) -> None:
    """It runs the live checks on every host, changes nothing, and says that it is over."""
    run, state = stack.tell("verify", app.where, "Done")
    assert state.type == "COMPLETED"
    assert "under way" not in state.message
    assert "no reason" not in state.message
    checked = [(each.body["host"], each.body["passed"]) for each in stack.events(run, "check.done")]
    assert sorted(checked) == [("a", True), ("b", True)]
    assert stack.events(run, "host.live", "lease.taken") == []


def test_go_live_alone(stack: Stack, app: Application, went_live: Any) -> None:
    """It makes live what lies dark on the hosts."""
    run, state, live = went_live
    assert live == ["1", "1"]
    assert state.message == "step-by-step 1 is live in production on 2 hosts"
    assert stack.end(run) == "live"


def test_go_live_needs_a_deploy(stack: Stack, app: Application, went_live: Any) -> None:
    """A version that lies on no host is refused before anything is switched."""
    run, state = stack.tell("go-live", app.what("7"), "Refused")
    assert "7: is not in the artifact store" in state.message
    assert [each.body for each in stack.events(run, "host.live")] == []


def test_rollback_to_previous(stack: Stack, app: Application, went_back: Any) -> None:
    """It switches every host back, deploys nothing, and the report says what happened."""
    run, state, before, after = went_back
    assert (before, after) == (["2", "2"], ["1", "1"])
    assert state.message == "step-by-step in production went back to 1 on 2 hosts"
    assert stack.run(run).name == "step-by-step in production back to 1"
    actions = {each.body["action"] for each in stack.events(run, "step.done")}
    assert "deploy" not in actions
    stack.assert_settled("step-by-step")


def test_rollback_to_what_was_never_live(stack: Stack, app: Application, went_back: Any) -> None:
    """What was built and deployed only would go live without a gate; nothing of it happens."""
    stack.tell("build", app.what("3"), "Done")
    stack.tell("deploy", app.what("3"), "Done")
    before = app.live
    _, state = stack.tell("rollback", {**app.where, "to": "3"}, "Refused")
    assert "3 was not live there before" in state.message
    assert app.live == before


def test_rollback_to_what_is_gone_from_a_host(stack: Stack, app: Application, went_back: Any) -> None:
    """A named version is deployed again from the store on the one host that has lost it."""
    gone = app.on("b").release("2")
    shutil.rmtree(gone)
    shutil.rmtree(app.on("b").path / ".sendoff" / "manifests" / gone.name)
    run, _ = stack.tell("rollback", {**app.where, "to": "2"}, "Live")
    deploys = [
        each.body["host"] for each in stack.events(run, "step.done") if each.body["action"] == "deploy"
    ]
    assert deploys == ["b"]
    assert app.live == ["2", "2"]
    assert (app.on("b").release("2") / "version").read_text() == "2\n"
    assert app.leftovers == []


def test_a_run_that_is_over_is_not_run_again(stack: Stack, app: Application, went_live: Any) -> None:
    """Retry of a failed run in the UI refuses with what to do instead; hosts and ledger stay as they are."""
    run, _ = stack.tell("go-live", app.what("8"), "Refused")
    before = app.live, app.releases, len(stack.events(run))
    stack.client.set_flow_run_state(UUID(run), AwaitingRetry())
    state = stack.wait_for(run, "Refused")
    assert "start a new one" in state.message
    assert (app.live, app.releases, len(stack.events(run))) == before
    stack.assert_settled("step-by-step")


def test_a_good_run_cannot_be_retried(stack: Stack, went_live: Any) -> None:
    """The server itself does not run again what has completed."""
    answered = stack.client.set_flow_run_state(UUID(went_live[0]), AwaitingRetry())
    assert answered.status in ("REJECT", "ABORT")
    assert stack.state(went_live[0]).name == "Live"
