"""`sendoff watch`: follow a release as it happens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from sendoff.cli.status import doing
from sendoff.cli.terminal import alarming, plain_console
from sendoff.errors import BadInput, Problem
from sendoff.ledger import Ledger
from sendoff.ledger.models import GOOD_ENDS, Event
from sendoff.ledger.progress import Progress, progress
from sendoff.ledger.sentences import meaningful
from sendoff.report.release import summary
from sendoff.settings import Settings

Pause = Callable[[], None]
NEWS = frozenset(
    {
        "canary.shifted",
        "canary.compared",
        "approval.asked",
        "approval.answered",
        "approval.void",
        "approval.reminded",
        "approval.escalated",
        "approval.expired",
        "stamp.refused",
        "trouble.asked",
        "trouble.answered",
        "release.held",
        "release.let_go",
        "freeze.overridden",
        "hold.answered",
        "host.left_out",
        "lease.taken_over",
    }
)


def _pause() -> None:
    time.sleep(0.3)


@click.command()
@click.argument("release", required=False)
@click.option("--json", "as_json", is_flag=True, help="One event a line, for machines.")
@click.pass_context
def watch(ctx: click.Context, release: str | None, as_json: bool) -> None:
    """Follow a release until it ends; the newest that runs, unless one is named."""
    ledger = Ledger.find(Settings.read(os.environ).ledger_url)
    if ledger is None:
        raise nothing("nothing has been released yet")
    with closing(ledger):
        chosen = choose(ledger, release)
        ended = watch_json(ledger, chosen) if as_json else watch_release(ledger, chosen, plain_console())
    ctx.exit(0 if went_well(ended) else 1)


def choose(ledger: Ledger, release: str | None, command: str = "watch") -> str:
    """Find the release that is named, else the newest that runs; BadInput when there is none."""
    if release is not None:
        if ledger.last(release) is None:
            raise nothing(f"no release {release!r}", command)
        return release
    running = ledger.running()
    if not running:
        raise nothing("nothing is being released now", command)
    return running[-1].release


def watch_release(ledger: Ledger, release: str, console: Console, pause: Pause = _pause) -> Event:
    """Show a release until it ends: bars on a terminal, else a line an event; returns its `release.ended`."""
    show = _show_bars if console.is_terminal else _show_lines
    return show(ledger, release, console, pause)


def watch_json(ledger: Ledger, release: str, pause: Pause = _pause) -> Event:
    """Print a release's events, one a line, until it ends."""
    for event in follow(ledger, release, pause):
        click.echo(event.model_dump_json())
    return event


def follow(ledger: Ledger, release: str, pause: Pause) -> Iterator[Event]:
    """Give a release's events, those to come as well; the last is its `release.ended`."""
    known = 0
    while True:
        for event in ledger.events(release, after=known):
            yield event
            known = event.number
            if event.kind == "release.ended":
                return
        pause()


def went_well(ended: Event) -> bool:
    """Tell whether what was wanted is live."""
    return ended.body.get("end") in GOOD_ENDS


def nothing(what: str, command: str = "watch") -> BadInput:
    """Say that there is no release that a command could be about."""
    return BadInput(
        [Problem(command, 0, "", what, "a release of `sendoff status`; start one: sendoff release")]
    )


def _show_lines(ledger: Ledger, release: str, console: Console, pause: Pause) -> Event:
    seen: list[Event] = []
    for event, text in meaningful(_kept(follow(ledger, release, pause), seen)):
        told = ended_words(seen) if event.kind == "release.ended" else text
        _print(console, f"{event.at.astimezone():%H:%M:%S} {told}")
    return seen[-1]


def _show_bars(ledger: Ledger, release: str, console: Console, pause: Pause) -> Event:
    seen: list[Event] = []
    bars = Bars(
        TextColumn("  {task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    tasks: dict[str, TaskID] = {}
    with Live(bars, console=console) as live:

        def draw() -> None:
            now = progress(seen)
            _update(bars, tasks, now)
            headline = alarming(f"{now.title}: {doing(now, datetime.now(UTC))}")
            live.update(bars if now.end else Group(headline, bars))

        for event, text in meaningful(_kept(follow(ledger, release, pause), seen, draw)):
            if _is_news(event):
                _print(console, f"{event.at.astimezone():%H:%M:%S} {text}")
    _print(console, ended_words(seen), style="green" if went_well(seen[-1]) else "red")
    return seen[-1]


def ended_words(events: list[Event]) -> str:
    """Tell how a release ended, in words, with what is live now if it was undone."""
    return f"{events[-1].body.get('end')}: {summary(events)}"


def _kept(events: Iterator[Event], seen: list[Event], then: Pause = lambda: None) -> Iterator[Event]:
    for event in events:
        seen.append(event)
        then()
        yield event


def _is_news(event: Event) -> bool:
    """Tell whether an event is worth a line beside the bars: answers, and what went wrong."""
    body = event.body
    wrong = body.get("failed") or body.get("undo") or (event.kind == "check.done" and not body.get("passed"))
    return bool(wrong) or event.kind in NEWS


def _print(console: Console, text: str, style: str | None = None) -> None:
    """Print a line as it is: a terminal breaks it by itself, and what is copied from it stays whole."""
    console.print(text, style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def _update(bars: Bars, tasks: dict[str, TaskID], now: Progress) -> None:
    """Bring the bars up to date: one for each phase that is known by now."""
    for phase in now.phases:
        if phase.name not in tasks:
            tasks[phase.name] = bars.add_task(phase.name, total=phase.of)
        bars.update(tasks[phase.name], completed=phase.done, total=phase.of)
