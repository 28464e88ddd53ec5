"""Going live: whatever breaks in the middle, what was switched is put back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.errors import CheckFailed, Fenced, Undone
from tasks import go_live as module

PLAN: Any = SimpleNamespace(
    subject=SimpleNamespace(version="1"), batches=(SimpleNamespace(number=1, target="web", hosts=("a",)),)
)
RUN: Any = SimpleNamespace(say=lambda text: None, mask=lambda text: text.replace("hunter2", "***"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CheckFailed("a: not well"), "a: not well\nPut back to what was live before: a"),
        (
            OSError("hunter2"),
            "something unforeseen broke: OSError('***')\nPut back to what was live before: a",
        ),
    ],
    ids=["a verdict", "anything else"],
)
def test_what_breaks_is_undone(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    """A failed check is undone, and so is an error that nobody thought of."""

    def breaks(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", breaks)
    monkeypatch.setattr(module, "undo", lambda run, plan: ["a"])
    with pytest.raises(Undone) as undone:
        module.go_live(RUN, PLAN)
    assert str(undone.value) == said


def test_nothing_switched_nothing_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke before any host was switched stays what it was."""

    def breaks(*_: Any) -> Any:
        raise CheckFailed("a: not well")

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", breaks)
    monkeypatch.setattr(module, "undo", lambda run, plan: [])
    with pytest.raises(CheckFailed, match=r"^a: not well$"):
        module.go_live(RUN, PLAN)


def test_fenced_undoes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that another has taken the place of leaves the hosts to that one."""

    def fenced(*_: Any) -> Any:
        raise Fenced("a: it has seen number 7, which is larger than ours")

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", fenced)
    monkeypatch.setattr(module, "undo", lambda run, plan: pytest.fail("it undid"))
    with pytest.raises(Fenced):
        module.go_live(RUN, PLAN)
