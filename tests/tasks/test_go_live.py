"""Going live: whatever breaks in the middle, what was switched is put back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from prefect.exceptions import Pause

from sendoff.errors import CheckFailed, Stopped, Undone
from tasks import go_live as module

PLAN: Any = SimpleNamespace(
    subject=SimpleNamespace(version="1"), batches=(SimpleNamespace(number=1, target="web", hosts=("a",)),)
)
RUN: Any = SimpleNamespace(
    id="r1",
    say=lambda text: None,
    mask=lambda text: text.replace("hunter2", "***"),
    ledger=SimpleNamespace(events=lambda *_: ()),
)


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
    monkeypatch.setattr(module, "undo", lambda run, plan, because: ["a"])
    with pytest.raises(Undone) as undone:
        module.go_live(RUN, PLAN)
    assert str(undone.value) == said


def test_nothing_switched_nothing_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke before any host was switched stays what it was."""

    def breaks(*_: Any) -> Any:
        raise CheckFailed("a: not well")

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", breaks)
    monkeypatch.setattr(module, "undo", lambda run, plan, because: [])
    with pytest.raises(CheckFailed, match=r"^a: not well$"):
        module.go_live(RUN, PLAN)


def test_what_is_to_be_left_as_it_is_is_not_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the answer was to stop here, no host is touched any more."""

    def stops(*_: Any) -> Any:
        raise Stopped("left as it is")

    def undo(*_: Any) -> Any:
        raise AssertionError("nothing is undone")

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", stops)
    monkeypatch.setattr(module, "undo", undo)
    with pytest.raises(Stopped):
        module.go_live(RUN, PLAN)


class Signal(BaseException):
    """As Prefect's, by which it suspends a flow."""


def test_a_run_that_is_suspended_leaves_hosts_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """While people are asked nothing is undone: Prefect's signals are no errors."""

    def suspends(*_: Any) -> Any:
        raise Signal

    assert not issubclass(Pause, Exception)
    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", suspends)
    with pytest.raises(Signal):
        module.go_live(RUN, PLAN)
