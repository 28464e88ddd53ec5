"""What a site does for a release, and what it leaves alone."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.objects import CreatedBy
from prefect.tasks import Task

import tasks
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.ledger import Ledger
from sendoff.spec.models import SshFleet
from tasks import at_site
from tasks.at_site import STEPS, _lease, serve
from tasks.durable import Served
from tasks.order import Order
from tasks.run import Place, Run

ORDER = Order(run="r1", number=1, site="berlin", step="look at", hosts={"web": ("a",)})


def steps_on_hosts() -> dict[str, Task[..., Any]]:
    modules = [importlib.import_module(f"tasks.{each.name}") for each in pkgutil.iter_modules(tasks.__path__)]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Task)]
    return {each.name: each for each in found if "host" in inspect.signature(each.fn).parameters}


def test_every_step_on_hosts_can_be_done_there() -> None:
    """No step works only where the release itself runs; what it is given can be named in an order.

    Canaries are of targets in a cloud, and those name no site.
    """
    assert not hasattr(SshFleet, "canary")
    canary = {"shift traffic", "check canary", "compare"}
    assert {name: step for name, step in steps_on_hosts().items() if name not in canary} == STEPS
    given = {name for step in STEPS.values() for name in inspect.signature(step.fn).parameters}
    assert given == {"run", "target", "host", "artifact", "plan", "release"}


def test_a_ledger_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker with another ledger than the release's does nothing, and says which setting is wrong."""
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path))
    monkeypatch.delenv("SENDOFF_LEDGER", raising=False)
    state = serve(ORDER)
    assert state.name == "Errored"
    assert isinstance(state.data, StepErrored)
    assert "knows no run r1" in str(state.message)
    assert "need the same SENDOFF_LEDGER" in str(state.message)


def test_an_order_of_a_process_that_was_replaced(tmp_path: Path) -> None:
    """Under a number that is not held any more nothing is done; without a number nothing is held."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    lease = ledger.take_lease("shop/live", "r1", "ada", "release")
    run: Any = type("Run", (), {"id": "r1", "place": Place("shop", "live"), "ledger": ledger})
    assert _lease(run, lease.token) == lease
    assert _lease(run, 0) is None
    ledger.take_anew(lease, timedelta(seconds=60))
    with pytest.raises(Fenced, match="shop/live: is not held under number 1 any more; nothing was done"):
        _lease(run, lease.token)


PERSON = CreatedBy(id="5d2b31d0-8a3c-4b6e-9c3f-0f6b1c9a7e21", type="AUTOMATION", display_value="adam")


@pytest.mark.parametrize(
    ("made", "is_refused"),
    [
        ({"created_by": PERSON, "auto_scheduled": False}, True),
        ({"created_by": None, "auto_scheduled": True}, True),
        ({"created_by": None, "auto_scheduled": False}, False),
    ],
    ids=["person", "schedule", "worker"],
)
def test_only_a_release_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: dict[str, Any], is_refused: bool
) -> None:
    """Where people sign in, the order of a person, an automation or a schedule is not looked at."""
    monkeypatch.setenv("SENDOFF_HOME", str(tmp_path))
    (tmp_path / "stamps.pub").touch()
    monkeypatch.setenv("SENDOFF_SIGNED_BY", str(tmp_path / "stamps.pub"))
    monkeypatch.delenv("SENDOFF_LEDGER", raising=False)
    monkeypatch.setattr(at_site, "this_run", lambda: SimpleNamespace(**made))
    state = serve(ORDER)
    assert isinstance(state.data, PolicyRefused) == is_refused
    assert ("was not asked for by the process of a release" in str(state.message)) == is_refused


@pytest.fixture
def ordered(gated: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Carry orders out with a run whose gates and answers the test makes; tells which steps were done."""

    def make(*gates: dict[str, Any], flow: str = "release") -> Any:
        made = gated(*gates, flow=flow)
        plan = made.planner.plan()
        body = {"plan_digest": plan.digest, "plan": plan.model_dump(mode="json"), "lacking": []}
        made.run.record("release.planned", body)
        done: list[str] = []

        def do(run: Run, step: Task[..., Any], *given: Any, **more: Any) -> Served:
            done.append(step.name)
            return Served()

        monkeypatch.setattr(at_site, "on_hosts", do)
        monkeypatch.setattr(
            at_site, "this_run", lambda: SimpleNamespace(created_by=None, auto_scheduled=False)
        )
        monkeypatch.setattr(at_site, "get_run_logger", lambda: made.run.logger)
        monkeypatch.setattr(Run, "open", lambda run: None)
        monkeypatch.setenv("SENDOFF_HOME", str(tmp_path))
        monkeypatch.setenv("SENDOFF_LEDGER", made.run.settings.ledger_url)

        def order(step: str, plan: str = plan.digest) -> str:
            inputs = {"plan": plan} if step in at_site.MOVES else {}
            wanted = Order(
                run=made.run.id, number=0, site="x", step=step, hosts={"web": ("a",)}, inputs=inputs
            )
            state = serve(wanted)
            return "" if state.is_completed() else str(state.message)

        return SimpleNamespace(gated=made, order=order, done=done, plan=plan)

    return make


@pytest.mark.parametrize("step", at_site.MOVES)
def test_traffic_moves_once_all_have_agreed(ordered: Any, step: str) -> None:
    """Neither forward nor back before the last gate is passed, and then by that plan and no other."""
    made = ordered({"approvers": ["sam"]}, {"approvals": [{"group": "ops", "count": 2}]})
    run = made.gated
    assert made.order(step).startswith(
        f"{step}: plan {made.plan.code} is not agreed to at 'gate-1' and 'gate-2', expected that first"
    )
    run.waits(run.says("sam"), run.says("kim", group="ops"))
    assert f"plan {made.plan.code} is not agreed to at 'gate-2'" in made.order(step)
    assert made.done == []
    assert run.agree(run.says("alex", group="ops")) is not None
    assert "plan 0badc0de is not agreed to" in made.order(step, "0badc0de" * 8)
    assert made.done == []
    assert made.order(step) == ""
    assert made.done == [step]


def test_traffic_does_not_move_by_what_has_fallen(ordered: Any) -> None:
    """A plan that was approved and then changed, a refusal, an answer that did not count: none opens it."""
    made = ordered({"approvers": ["sam", "priya"]}, {"approvers": ["alex"]})
    run = made.gated

    def change() -> None:
        run.planner.live = "9-000000000000"

    run.waits(run.says("robin"), run.says("sam"), run.after(change, run.says("alex")))
    assert "is not agreed to at 'gate-1' and 'gate-2'" in made.order("go live on")
    assert run.agree(run.says("priya"), run.says("alex", "reject", comment="no")) is None
    assert "is not agreed to at 'gate-2'" in made.order("go live on", run.planner.plan().digest)
    assert made.done == []


@pytest.mark.parametrize(
    ("flow", "gates", "goes"),
    [("release", [], True), ("rollback", [{"approvers": ["sam"]}], True), ("deploy", [], False)],
    ids=["no gate", "rollback", "deploy"],
)
def test_traffic_without_gates(ordered: Any, flow: str, gates: list[dict[str, Any]], goes: bool) -> None:
    """Nobody has to agree to a rollback, nor where there are no gates; what is to stay dark stays dark."""
    made = ordered(*gates, flow=flow)
    assert (made.order("go live on") == "") == goes
    assert made.order("look at") == ""
    assert made.done == [*["go live on"] * goes, "look at"]
