"""A canary: share by share, watched and compared; whatever stops it, what was passed is not done again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sendoff.canary.statistics import Side, Verdict
from sendoff.errors import CheckFailed, NotBegun, SendoffError, StepErrored
from sendoff.ledger import Ledger
from sendoff.settings import Settings
from tasks import canary as module
from tasks.durable import Served
from tasks.run import Run

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
NEW, OLD = "2-0123456789ab", "1-0123456789ab"
KEY = ("api", "api")
ERRORS = {
    "kind": "failures",
    "name": "errors",
    "source": {"kind": "prometheus", "url": "https://prometheus.example"},
    "failures": 'errors{release="${release}"}',
    "total": 'requests{release="${release}"}',
}
CANARY = {"steps": [{"weight": 10, "soak": "5m"}, {"weight": 50, "soak": "1h"}], "compare": [ERRORS]}


class Watched:
    """A run of a function with a canary: its clock moves when it waits, its steps do what the test says."""

    def __init__(self, folder: Path, canary: dict[str, Any] | None) -> None:
        self.at, self.did, self.waited = START, list[Any](), list[float]()
        self.wrong: dict[str, SendoffError] = {}
        self.verdict = Verdict(
            state="no worse", said="errors: fine", p=0.5, canary=Side(points=1), baseline=Side(points=1)
        )
        function = {"kind": "lambda", "name": "api", "function": "shop", "alias": "live", "canary": canary}
        config = {
            "application": "shop",
            "owner": "shop",
            "hosts": {},
            "build": {"source": {"folder": "."}, "command": ["make"], "output": "dist"},
            "environments": [
                {
                    "name": "production",
                    "targets": [function],
                    "checks": [{"kind": "invoke", "name": "answers", "when": "dark"}],
                }
            ],
        }
        url = f"sqlite:///{folder / 'ledger.db'}"
        self.ledger = Ledger.open(url, clock=lambda: self.at)
        body = {
            "flow": "release",
            "application": "shop",
            "environment": "production",
            "version": "2",
            "commit": None,
            "what": {"version": "2"},
            "why": {"summary": "New", "reason": "Tests", "risk": "low", "requested_by": "robin"},
            "folder": str(folder),
            "config_digest": "cd" * 32,
            "config": config,
        }
        created = self.ledger.append("run-1", "release.created", "robin", body, "created")
        settings = Settings(home=folder, ledger_url=url, store=folder, catalog=())
        self.run = Run(created, self.ledger, settings, logging.getLogger("tests"), now=lambda: self.at)
        self.run.stopping = self  # type: ignore[assignment]

    def wait(self, seconds: float) -> bool:
        """Stand in for the event that stops a run: time passes, and nobody stops it."""
        self.waited.append(seconds)
        self.at += timedelta(seconds=seconds)
        return False

    def is_set(self) -> bool:
        return False

    def on_hosts(self, run: Run, task: Any, hosts: list[Any], **inputs: Any) -> Served:
        """Note what is asked of the target, and do it; where the test says so, it goes wrong."""
        (key,) = hosts
        name = f"{task.name} {inputs['weight']}" if "weight" in inputs else task.name
        self.did.append(name)
        if name in self.wrong:
            return Served(errors={key: self.wrong[name]})
        try:
            result = task.fn(run, *key, **inputs) if task is module.compare_on else "done"
        except SendoffError as error:
            return Served(errors={key: error})
        return Served(results={key: result})

    def go(self, kind: str = "release", previous: str | None = OLD) -> dict[Any, SendoffError]:
        plan: Any = SimpleNamespace(
            kind=kind, subject=SimpleNamespace(release_name=NEW, version="2"), previous=lambda host: previous
        )
        return module.through_canary(self.run, plan, [KEY])

    def told(self, kind: Any) -> list[dict[str, Any]]:
        return [event.body for event in self.ledger.events("run-1", (kind,))]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Watched]]:
    made: list[Watched] = []

    def make(canary: dict[str, Any] | None = CANARY) -> Watched:
        made.append(Watched(tmp_path, canary))
        monkeypatch.setattr(module, "on_hosts", made[-1].on_hosts)
        monkeypatch.setattr(module, "shifting", lambda *_: None)
        monkeypatch.setattr(module, "measured", lambda *_: made[-1].verdict)
        return made[-1]

    yield make
    for each in made:
        each.ledger.close()


STEP = ["check canary", "check canary", "compare"]
ALL = ["shift traffic 10", *STEP, "shift traffic 50", *STEP]


def test_step_by_step(watched: Callable[..., Watched]) -> None:
    """Each share is given, looked at, watched for its time, looked at again and compared."""
    story = watched()
    assert story.go() == {}
    assert story.did == ALL
    assert story.waited == [300, 3600]
    assert [(each["weight"], each["of"]) for each in story.told("canary.shifted")] == [(10, 2), (50, 2)]
    assert [each["passed"] for each in story.told("canary.compared")] == [True, True]
    assert len(story.told("canary.passed")) == 2
    assert story.run.has_switched()


@pytest.mark.parametrize("where", sorted(set(ALL)))
def test_whatever_fails_ends_it(watched: Callable[..., Watched], where: str) -> None:
    """What goes wrong at a step is given back, and nothing more of the traffic is moved."""
    story = watched()
    story.wrong = {where: CheckFailed("not well")}
    assert list(story.go()) == [KEY]
    assert story.did == ALL[: ALL.index(where) + 1]
    assert len(story.told("canary.passed")) == (where == "shift traffic 50")


@pytest.mark.parametrize(
    ("state", "without", "fails"),
    [
        ("no worse", "undo", False),
        ("worse", "go on", True),
        ("not enough data", "undo", True),
        ("not enough data", "go on", False),
    ],
)
def test_what_a_comparison_comes_to(
    watched: Callable[..., Watched], state: Any, without: str, fails: bool
) -> None:
    """Worse always fails; where there is not enough data, the release file decides."""
    story = watched({**CANARY, "compare": [{**ERRORS, "without_data": without}]})
    story.verdict = story.verdict.model_copy(update={"state": state, "said": f"errors: {state}"})
    assert bool(story.go()) is fails
    first = story.told("canary.compared")[0]
    assert (first["state"], first["passed"], first["than"]) == (state, not fails, "1")


def test_nothing_to_compare_with(watched: Callable[..., Watched]) -> None:
    """A first release has no baseline: it is watched and checked, and compared with nothing."""
    story = watched()
    assert story.go(previous=None) == {}
    assert story.told("canary.compared") == []
    assert len(story.told("canary.passed")) == 2


def test_another_process_goes_on(watched: Callable[..., Watched]) -> None:
    """What was passed is not done again, and of the time to watch only the rest is waited for."""
    story = watched()
    story.wrong = {"shift traffic 50": StepErrored("throttled")}
    assert list(story.go()) == [KEY]
    story.did.clear()
    story.wrong = {"compare": StepErrored("no answer")}
    story.go()
    assert story.did == ["shift traffic 50", *STEP]
    assert story.waited == [300, 3600]
    story.did.clear()
    story.wrong = {}
    assert story.go() == {}
    assert story.did == ["shift traffic 50", *STEP]
    assert story.waited == [300, 3600]


@pytest.mark.parametrize("reason", ["rollback", "none", "live"])
def test_without_a_canary(watched: Callable[..., Watched], reason: str) -> None:
    """A rollback goes at once, and so does a target without a canary; a release that is live has gone."""
    story = watched(None if reason == "none" else CANARY)
    if reason == "live":
        body = {"target": "api", "host": "api", "release_name": NEW, "undo": False}
        story.run.record("host.live", body)
    assert story.go("rollback" if reason == "rollback" else "release") == {}
    assert story.did == []


def test_stopped_while_it_watches(watched: Callable[..., Watched]) -> None:
    """A run that is stopped begins no further step."""
    story = watched()
    story.wait = lambda seconds: True  # type: ignore[method-assign]
    with pytest.raises(NotBegun, match="next step of the canary"):
        story.go()
    assert story.did == ["shift traffic 10", "check canary"]
    assert story.told("canary.passed") == []
