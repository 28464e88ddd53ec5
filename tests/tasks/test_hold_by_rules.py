"""A release is held by rules as they are read: a freeze of a calendar begins while it goes live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks import hold as module
from tasks import holding
from tasks.hold import hold

Gated = Any  # the classes stand in conftest.py, which tests do not import
CALENDAR = (
    "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261125T121500Z\nDTEND:20261125T140000Z\n"
    "SUMMARY:Books close\nEND:VEVENT\nEND:VCALENDAR\n"
)
FROZEN = "it is frozen until 2026-11-25 14:00 UTC (Books close: Money), which only cfo may override"
NEXT = "the next moment at which it may ship is 2026-11-25 14:00 UTC"


class Waits(BaseException):
    """The process is left: the run is suspended."""


class World:
    """A release that goes live on a, and then on b; a calendar freezes it from 12:15 to 14:00."""

    def __init__(self, made: Gated, folder: Path) -> None:
        self.made, self.folder, self.run = made, folder, made.run
        self.run.settings = self.run.settings.model_copy(update={"catalog": (folder,)})
        self.why: list[str] = []
        self.woken_at: list[datetime] = []
        self.freeze("")

    def freeze(self, more: str) -> None:
        """Write the catalog's freezes; `more` is what they say besides."""
        calendar = f"calendar: company.ics, owner: cfo, reason: Money{more}"
        (self.folder / "freezes.yaml").write_text(f"freezes:\n  - {{{calendar}}}\n")
        (self.folder / "company.ics").write_text(CALENDAR)

    def wait(self, model: Any, key: str, before: Callable[[str], None], why: str, after: Any) -> None:
        before(key)
        self.why.append(why)
        raise Waits

    def switch(self, host: str) -> None:
        self.run.record("host.live", {"target": "web", "host": host, "undo": False}, key=f"live/{host}")

    def passes(self, **time: float) -> None:
        self.made.at += timedelta(**time)

    def held(self, number: int, host: str) -> bool:
        """Come to a batch; tells whether it is held there."""
        try:
            hold(self.run, f"go-live/{number}", (host,))
        except Waits:
            return True
        return False


@pytest.fixture
def world(
    gated: Callable[..., Gated], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., World]:
    """Make a world with these gates."""

    def make(*gates: dict[str, Any]) -> World:
        made = World(gated(*gates), tmp_path)
        monkeypatch.setattr(holding, "answer_to", made.wait)
        monkeypatch.setattr(module, "wake_at", lambda run, key, at: made.woken_at.append(at))
        return made

    return make


def test_freeze_between_batches(world: Callable[..., World]) -> None:
    """The batch that was begun is finished, also by another process; the next one is held, and goes on."""
    made = world()
    assert not made.held(1, "a")
    made.switch("a")
    made.passes(minutes=20)
    assert not made.held(1, "a")
    assert made.held(2, "b")
    assert made.why == [f"it waits, as {FROZEN}; {NEXT}"]
    made.passes(minutes=100)
    assert not made.held(2, "b")
    assert [body["place"] for body in made.made.bodies("release.let_go")] == ["go-live/2"]


def test_may_finish(world: Callable[..., World]) -> None:
    """Where the freeze lets it finish that began before, it does."""
    made = world()
    made.freeze(", may_finish: true")
    made.switch("a")
    made.passes(minutes=20)
    assert not made.held(2, "b")


def test_may_not_begin_in_it(world: Callable[..., World]) -> None:
    """What has not begun to go live before such a freeze is held by it."""
    made = world()
    made.freeze(", may_finish: true")
    made.passes(minutes=20)
    assert made.held(1, "a")


def test_approvals_run_out_meanwhile(world: Callable[..., World]) -> None:
    """What was agreed to before traffic moves counts no more after the freeze: no moment is promised."""
    made = world({"approvers": ["sam"], "answers_expire": 3600})
    assert made.made.agree(made.made.says("sam")) is not None
    made.passes(minutes=20)
    assert made.held(1, "a")
    (body,) = made.made.bodies("release.held")
    assert body["said"].endswith(
        "its environment may be changed from 2026-11-25 14:00 UTC on, "
        "but not without new approvals: those of 'gate-1' expire at 2026-11-25 13:00 UTC"
    )
    assert body["until"] is None
    made.switch("a")
    assert made.held(2, "b")
    assert made.why[-1].endswith(NEXT)
