"""`sendoff status`: what is where, who holds what, and what is being released now."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sendoff.cli import output
from sendoff.cli.review import show_review
from sendoff.cli.terminal import alarming, plain_console, told
from sendoff.ledger import Ledger
from sendoff.ledger.models import Lease
from sendoff.ledger.progress import Progress, progress
from sendoff.ledger.standing import Standing, standings
from sendoff.model import Frozen
from sendoff.report.words import listing
from sendoff.reviews import REVIEWS, Review, mark, open_reviews
from sendoff.settings import Settings

NOTHING = "nothing has been released yet; start with: sendoff release"


class Status(Frozen):
    """All that `sendoff status` shows."""

    placements: tuple[Standing, ...] = ()
    leases: tuple[Lease, ...] = ()
    running: tuple[Progress, ...] = ()
    reviews: tuple[Review, ...] = ()


@click.command()
@click.argument("application", required=False)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def status(application: str | None, as_json: bool) -> None:
    """Show what is where, and what is being released now."""
    ledger = Ledger.find(Settings.read(os.environ).ledger_url)
    if ledger is None:
        found = Status()
    else:
        with closing(ledger):
            found = read_status(ledger, application)
    if as_json:
        output.as_json(found.model_dump(mode="json"))
    else:
        show(found, plain_console(), datetime.now(UTC), application)


def read_status(ledger: Ledger, application: str | None = None) -> Status:
    """Read it from the ledger, of one application or of all."""
    running = [created.release for created in ledger.running() if _is_of(created.body, application)]
    return Status(
        placements=tuple(
            each for each in standings(ledger.placements()) if application in (None, each.application)
        ),
        leases=tuple(
            lease for lease in ledger.leases() if application in (None, lease.resource.partition("/")[0])
        ),
        running=tuple(progress(ledger.events(release)) for release in running),
        reviews=open_reviews(ledger.events(kinds=REVIEWS), application),
    )


def show(found: Status, console: Console, now: datetime, application: str | None = None) -> None:
    """Print it for people; `now` is only used to leave out today's date."""
    if not (found.placements or found.leases or found.running or found.reviews):
        console.print(f"{application}: {NOTHING}" if application else NOTHING)
        return
    if found.placements:
        console.print(_table(found, now))
    for each in found.running:
        console.print()
        console.print(alarming(f"{each.title} ({each.by}, since {told(each.since, now)})"))
        console.print(f"  {doing(each, now)}; watch it: sendoff watch {each.release}")
    for lease in found.leases:
        since = told(lease.since, now)
        console.print(f"\n{lease.resource} is held by {lease.actor} since {since} for {lease.why!r}")
    for review in found.reviews:
        console.print()
        show_review(review, console, now)


def doing(release: Progress, now: datetime) -> str:
    """Tell in one sentence what a release is doing, or waiting for."""
    if release.end:
        return f"{release.end}: {release.said}"
    if asks := release.question:
        return f"{asks.broke}; asks what to do, at {told(asks.until, now)} it is {asks.otherwise!r}"
    if release.held:
        return release.held.said
    if wait := release.waiting:
        approvals = "1 approval" if wait.missing == 1 else f"{wait.missing} approvals"
        return f"waits for {approvals} of {wait.gate!r} since {told(wait.since, now)}"
    return release.doing


def _is_of(body: dict[str, object], application: str | None) -> bool:
    return application in (None, body.get("application"))


def _table(found: Status, now: datetime) -> Table:
    table = Table("application", "environment", "version", "hosts", "since", "by", box=None, pad_edge=False)
    for each in found.placements:
        words = (each.application, each.environment, each.version or "nothing")
        hosts = Text(_hosts(each), style="yellow" if each.is_mixed else "green")
        if open_one := mark(found.reviews, each.application, each.environment):
            hosts += alarming(f", {open_one}")
        table.add_row(*map(Text, words), hosts, told(each.since, now), Text(each.by))
    return table


def _hosts(each: Standing) -> str:
    others = ", ".join(f"{name} on {count}" for name, count in each.others.items())
    mixed = f", mixed: {others}" if others else ""
    drift = f", drift: left out {listing(each.left_out)}" if each.left_out else ""
    return f"{each.hosts} of {each.of}{mixed}{drift}"
