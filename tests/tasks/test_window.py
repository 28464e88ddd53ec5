"""When it may be released is a part of what people agree to: windows, and freezes wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sendoff.gates.subject import PARTS
from sendoff.spec.timing import FreezeCalendar, FreezeDates, Window
from tasks.window import window_digest

Gated = Any  # the classes stand in conftest.py, which tests do not import
FREEZE = {"owner": "ada", "reason": "the sale"}
CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:tests
BEGIN:VEVENT
UID:1
DTSTAMP:20261101T000000Z
DTSTART:{begins}T000000Z
DTEND:20261220T000000Z
SUMMARY:Sale
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def run(gated: Callable[..., Gated]) -> Gated:
    """Make a run to an environment without rules."""
    return gated()


def ruled(made: Gated, **rules: Any) -> str:
    """Have the environment say when it may be changed; gives the digest of that."""
    environment = made.run.file.environments[0].model_copy(update=rules)
    made.run.file = made.run.file.model_copy(update={"environments": (environment,)})
    return window_digest(made.run)


def freeze(begins: str) -> FreezeDates:
    return FreezeDates(begins=begins, ends="2027-02-01 00:00", **FREEZE)


def test_rules_are_told_apart(run: Gated) -> None:
    """No rules, a window, another one, a freeze, another one."""
    windows = ((Window(opens="09:00"),), (Window(opens="10:00"),))
    freezes = ((freeze("2026-12-01 00:00"),), (freeze("2026-12-02 00:00"),))
    found = [ruled(run), *(ruled(run, windows=each, freezes=()) for each in windows)]
    found += [ruled(run, windows=(), freezes=each) for each in freezes]
    assert len(set(found)) == len(found)
    assert ruled(run, windows=(), freezes=()) == found[0]


def test_time_that_passes_changes_nothing(run: Gated) -> None:
    """A freeze that begins, and one that is far away, make nobody agree again."""
    near, far = freeze("2026-12-01 00:00"), freeze("2027-01-15 00:00")
    before = ruled(run, freezes=(near,))
    run.at += timedelta(days=90)
    assert ruled(run, freezes=(near,)) == before
    assert ruled(run, freezes=(near, far)) == before


def write(folder: Path, begins: str) -> None:
    (folder / "sale.ics").write_text(CALENDAR.format(begins=begins).replace("\n", "\r\n"))


def test_what_stands_in_a_calendar_counts(run: Gated, tmp_path: Path) -> None:
    """Not its name: a day that is moved in it is another rule."""
    calendar = (FreezeCalendar(calendar="sale.ics", **FREEZE),)
    found = []
    for begins in ("20261201", "20261202", "20261201"):
        write(tmp_path, begins)
        found.append(ruled(run, freezes=calendar))
    assert found[0] == found[2] != found[1]


def test_a_calendar_that_changes_is_agreed_to_again(gated: Callable[..., Gated], tmp_path: Path) -> None:
    """Somebody moves a freeze while people are asked: the ledger says that it is the times that changed."""
    run = gated({"approvers": ["sam"]})
    write(tmp_path, "20261201")
    ruled(run, freezes=(FreezeCalendar(calendar="sale.ics", **FREEZE),))
    moved = run.after(lambda: write(tmp_path, "20261202"), run.says("sam"))
    assert run.agree(moved, run.says("sam")) is not None
    assert run.counted() == [("sam", False), ("sam", True)]
    assert run.bodies("approval.void")[0]["changed"] == [PARTS["window"]]
