"""What is done once a run, and what is tried again."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.states import Failed

from sendoff.errors import (
    BadInput,
    BuildFailed,
    CheckFailed,
    CommandFailed,
    Fenced,
    HostUnreachable,
    PolicyRefused,
    SendoffError,
    StepErrored,
    Undone,
)
from tasks.durable import Progress, machinery_broke, on_hosts, once_a_run, told


def key(run: str = "r1", task: str = "deploy to", **inputs: Any) -> str:
    context: Any = SimpleNamespace(task=SimpleNamespace(name=task))
    return once_a_run(context, {"run": SimpleNamespace(id=run), "target": "web", "host": "a", **inputs})


def test_a_resumed_step_has_its_key() -> None:
    """The same step on the same host of the same run is the same, whatever else it is given."""
    assert key(artifact="one") == key(artifact="other")


@pytest.mark.parametrize(
    "other",
    [{"run": "r2"}, {"task": "check dark"}, {"host": "b"}, {"target": "api"}],
    ids=["run", "step", "host", "target"],
)
def test_another_step_has_another_key(other: dict[str, Any]) -> None:
    """Another run, step, target or host never takes its result."""
    assert key(**other) != key()


def test_key_is_one_word() -> None:
    """A key becomes a file's name, so it has no space and no slash."""
    assert not {" ", "/"} & set(key())


def test_key_without_a_host() -> None:
    """A step that belongs to no host is keyed by run and step alone."""
    context: Any = SimpleNamespace(task=SimpleNamespace(name="build"))
    assert once_a_run(context, {"run": SimpleNamespace(id="r1"), "version": "1"}) == "r1-build"


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StepErrored("broke"), True),
        (HostUnreachable("away"), True),
        (CommandFailed("a", ("restart",), 1, ""), True),
        (CheckFailed("not good"), False),
        (BuildFailed("no"), False),
        (Undone("put back"), False),
        (PolicyRefused("no"), False),
        (BadInput([]), False),
        (ValueError("a bug"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_broken_machinery_is_tried_again(error: Exception, again: bool) -> None:
    """A verdict, a refusal and a bug of ours stay what they are."""
    nothing: Any = None
    assert machinery_broke(nothing, nothing, Failed(data=error)) is again


def test_told_names_each_host_once() -> None:
    """Each host has a line; one that names its host already is not given another name."""
    errors: dict[tuple[str, str], SendoffError] = {
        ("web", "a"): StepErrored("no route"),
        ("web", "b"): StepErrored("b: no space left"),
    }
    assert told(errors) == "a: no route\nb: no space left"


def test_nothing_is_done_on_no_host() -> None:
    """No host is no work, and no error."""
    nothing: Any = None
    served = on_hosts(nothing, nothing, [])
    assert (served.results, served.errors) == ({}, {})


def test_hosts_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever host was served first: what is undone is undone in the order of the plan."""
    monkeypatch.setattr("tasks.durable.as_completed", lambda futures: futures[::-1])
    results = iter(["one", CheckFailed("not good"), "three", CheckFailed("nor this")])
    step: Any = SimpleNamespace(submit=lambda **inputs: Future(next(results)))
    nothing: Any = None
    served = on_hosts(nothing, step, [("web", host) for host in "abcd"])
    assert [host for _, host in served.results] == ["a", "c"]
    assert [host for _, host in served.errors] == ["b", "d"]


class Future:
    """A step on one host that has come to something."""

    def __init__(self, result: Any) -> None:
        self.came_to = result

    def result(self, raise_on_failure: bool) -> Any:
        return self.came_to


def test_being_fenced_goes_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else broke on other hosts: a process that is fenced does not judge the release."""
    monkeypatch.setattr("tasks.durable.as_completed", list)
    results = iter([ValueError("a bug"), CheckFailed("not good"), Fenced("a: it has seen number 7")])
    step: Any = SimpleNamespace(submit=lambda **inputs: Future(next(results)))
    nothing: Any = None
    with pytest.raises(Fenced):
        on_hosts(nothing, step, [("web", "a"), ("web", "b"), ("web", "c")])


def test_stopped_waits_for_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the run is stopped from outside, no step begins any more, and those under way are waited for."""

    def stopped(futures: list[Any]) -> Any:
        raise KeyboardInterrupt

    waited_for: list[Any] = []
    monkeypatch.setattr("tasks.durable.as_completed", stopped)
    monkeypatch.setattr("tasks.durable.wait", waited_for.extend)
    step: Any = SimpleNamespace(submit=lambda **inputs: Future(None))
    run: Any = SimpleNamespace(stopping=threading.Event())
    with pytest.raises(KeyboardInterrupt):
        on_hosts(run, step, [("web", "a"), ("web", "b")])
    assert run.stopping.is_set()
    assert len(waited_for) == 2


def test_progress_counts_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress goes from nothing to all, in words and in percent."""
    shown: list[tuple[float, str]] = []

    def create(progress: float, key: str, description: str) -> str:
        shown.append((progress, description))
        return key

    def update(key: str, progress: float, description: str) -> None:
        shown.append((progress, description))

    monkeypatch.setattr("tasks.durable.create_progress_artifact", create)
    monkeypatch.setattr("tasks.durable.update_progress_artifact", update)
    run: Any = SimpleNamespace(place=SimpleNamespace(application="shop", environment="live"))
    progress = Progress(run, "Deploy 1", 2)
    progress.advance()
    progress.advance()
    assert shown == [
        (0.0, "Deploy 1: 0 of 2 hosts"),
        (50.0, "Deploy 1: 1 of 2 hosts"),
        (100.0, "Deploy 1: 2 of 2 hosts"),
    ]
