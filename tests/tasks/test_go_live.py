"""Going live: whatever breaks in the middle, what was switched is put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.exceptions import Pause

from sendoff.errors import CheckFailed, Fenced, Stopped, Undone
from sendoff.ledger import Ledger
from tasks import go_live as module
from tasks.durable import Served

PLAN: Any = SimpleNamespace(
    subject=SimpleNamespace(version="1"), batches=(SimpleNamespace(number=1, target="web", hosts=("a",)),)
)
RUN: Any = SimpleNamespace(
    id="r1",
    say=lambda text: None,
    mask=lambda text: text.replace("hunter2", "***"),
    ledger=SimpleNamespace(last=lambda *_: None, events=lambda *_: ()),
)
HOSTS = ("a", "b", "c")


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


def test_held_before_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that may not go live yet is not begun; the run that waits leaves its hosts as they are."""
    held: list[tuple[str, tuple[str, ...]]] = []

    def hold(run: Any, place: str, hosts: tuple[str, ...]) -> None:
        held.append((place, hosts))
        raise Pause(state=None)

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "hold", hold)
    monkeypatch.setattr(module, "carry_through", lambda *_: pytest.fail("it was begun"))
    monkeypatch.setattr(module, "undo", lambda run, plan, because: pytest.fail("it undid"))
    with pytest.raises(Pause):
        module.go_live(RUN, PLAN)
    assert held == [("go-live/1", ("a",))]


def test_nothing_switched_nothing_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What broke before any host was switched stays what it was."""

    def breaks(*_: Any) -> Any:
        raise CheckFailed("a: not well")

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", breaks)
    monkeypatch.setattr(module, "undo", lambda run, plan, because: [])
    with pytest.raises(CheckFailed, match=r"^a: not well$"):
        module.go_live(RUN, PLAN)


def test_fenced_undoes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that another has taken the place of leaves the hosts to that one."""

    def fenced(*_: Any) -> Any:
        raise Fenced("a: it has seen number 7, which is larger than ours")

    monkeypatch.setattr(module, "Progress", lambda *_: None)
    monkeypatch.setattr(module, "_go_live_batch", fenced)
    monkeypatch.setattr(module, "undo", lambda run, plan, because: pytest.fail("it undid"))
    with pytest.raises(Fenced):
        module.go_live(RUN, PLAN)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")) as opened:
        yield opened


class Hosts:
    """Hosts of which each serves something, and can be put back; the process may die at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ledger: Ledger, live: dict[str, str]) -> None:
        self.ledger, self.live, self.put_back, self.dies_at = ledger, live, list[str](), ""
        self.plan: Any = SimpleNamespace(
            subject=SimpleNamespace(version="1", release_name="1-new"),
            previous=lambda host: "0-old",
            batches=(),
        )
        self.run: Any = SimpleNamespace(
            **{**vars(RUN), "ledger": ledger},
            record=lambda kind, body, key=None: ledger.append("r1", kind, "ada", body, key),
            has_switched=lambda: bool(ledger.events("r1", ("host.live",))),
            everywhere=lambda: [("web", host) for host in HOSTS],
        )
        monkeypatch.setattr(module, "Progress", lambda *_: None)
        monkeypatch.setattr(module, "on_hosts", lambda run, look, hosts: self._seen())
        monkeypatch.setattr(module, "_put_back_all", self._put_back)

    def _seen(self) -> Served:
        return Served(
            results={("web", host): SimpleNamespace(live=self.live[host], canary=None) for host in HOSTS}
        )

    def _put_back(self, run: Any, plan: Any, keys: list[tuple[str, str]]) -> dict[Any, Any]:
        ((target, host),) = keys
        self.live[host] = "0-old"
        self.put_back.append(host)
        if host == self.dies_at:
            raise KeyboardInterrupt
        self.run.record("host.live", {"target": target, "host": host, "undo": True}, key=f"undo/{host}")
        self.run.record("step.done", {"target": target, "host": host, "action": "undo", "failed": False})
        return {}

    def go_live(self, *hosts: str) -> None:
        for host in hosts:
            self.run.record("host.live", {"target": "web", "host": host, "undo": False}, key=f"live/{host}")


def test_put_back_goes_on(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    """When a process dies while it puts hosts back, the next puts back the rest, and goes not forward."""
    hosts = Hosts(monkeypatch, ledger, dict.fromkeys(HOSTS, "1-new"))
    hosts.go_live(*HOSTS)
    hosts.dies_at = "b"
    with pytest.raises(KeyboardInterrupt):
        module.undo(hosts.run, hosts.plan, "c: not well")
    assert hosts.put_back == ["c", "b"]
    hosts.dies_at = ""
    with pytest.raises(Undone) as undone:
        module.go_live(hosts.run, hosts.plan)
    assert str(undone.value) == "c: not well\nPut back to what was live before: c, b, a"
    assert hosts.put_back == ["c", "b", "b", "a"]


def test_put_back_and_died(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    """When all had been put back before the process died, nothing is done again, and it is undone."""
    hosts = Hosts(monkeypatch, ledger, dict.fromkeys(HOSTS, "1-new"))
    hosts.go_live(*HOSTS)
    assert module.undo(hosts.run, hosts.plan, "c: not well") == ["c", "b", "a"]
    with pytest.raises(Undone, match="Put back to what was live before: c, b, a"):
        module.go_live(hosts.run, hosts.plan)
    assert hosts.put_back == ["c", "b", "a"]


def test_switched_by_hand_meanwhile(monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    """A host that somebody has switched to something else is left alone."""
    hosts = Hosts(monkeypatch, ledger, {"a": "1-new", "b": "2-by-hand", "c": "0-old"})
    hosts.go_live("a", "b")
    assert module.undo(hosts.run, hosts.plan, "c: not well") == ["a"]


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
