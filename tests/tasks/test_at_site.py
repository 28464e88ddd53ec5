"""What a site does for a release, and what it leaves alone."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.tasks import Task

import tasks
from sendoff.errors import Fenced, StepErrored
from sendoff.ledger import Ledger
from tasks.at_site import STEPS, _lease, serve
from tasks.order import Order
from tasks.run import Place

ORDER = Order(run="r1", number=1, site="berlin", step="look at", hosts={"web": ("a",)})


def steps_on_hosts() -> dict[str, Task[..., Any]]:
    modules = [importlib.import_module(f"tasks.{each.name}") for each in pkgutil.iter_modules(tasks.__path__)]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Task)]
    return {each.name: each for each in found if "host" in inspect.signature(each.fn).parameters}


def test_every_step_on_hosts_can_be_done_there() -> None:
    """No step works only where the release itself runs; what it is given can be named in an order."""
    assert steps_on_hosts() == STEPS
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
