"""Nothing is put on hosts that may not be changed, and what got lost meanwhile is put there again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prefect.exceptions import Pause

from tasks import deploy as module
from tasks.durable import Served

PLAN: Any = SimpleNamespace(batches=(), subject=SimpleNamespace(release_name="1-new"))
ARTIFACT: Any = SimpleNamespace(version="1")


def run(gates: tuple[str, ...] = (), held: bool = False, switched: bool = False) -> Any:
    return SimpleNamespace(
        id="r1",
        environment=SimpleNamespace(gates=gates),
        ledger=SimpleNamespace(last=lambda *_: object() if held else None),
        has_switched=lambda: switched,
        say=lambda text: None,
    )


def test_held_before_anything_is_put(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run waits before its first step on a host."""

    def hold(run: Any, place: str) -> None:
        assert place == "deploy"
        raise Pause(state=None)

    monkeypatch.setattr(module, "hold", hold)
    monkeypatch.setattr(module, "carry_through", lambda *_: pytest.fail("it was begun"))
    with pytest.raises(Pause):
        module.deploy(run(), PLAN, ARTIFACT, only=[("web", "a")])


@pytest.mark.parametrize(
    ("waited", "again"),
    [
        (run(), False),
        (run(gates=("owner",)), True),
        (run(held=True), True),
        (run(held=True, switched=True), False),
    ],
    ids=["at once", "after people", "after a hold", "after the first batch"],
)
def test_put_again_after_waiting(monkeypatch: pytest.MonkeyPatch, waited: Any, again: bool) -> None:
    """A host may lose the release while nobody works on it, whatever was waited for."""
    done: list[Any] = []
    monkeypatch.setattr(module, "gates_of", lambda run: run.environment.gates)
    monkeypatch.setattr(module, "hold", lambda run, place: done.append(place))
    monkeypatch.setattr(module, "look_everywhere", lambda run: Served())
    monkeypatch.setattr(module, "lacking", lambda facts, name: [("web", "a")])
    monkeypatch.setattr(module, "deploy", lambda *_, only, again: done.append(only))
    module.deploy_again(waited, PLAN, ARTIFACT)
    assert done == (["go-live", [("web", "a")]] if again else [])
