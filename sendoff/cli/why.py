"""`sendoff why`: why a release does not go on, on whom it waits, until when, and when it may ship."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click

from sendoff.calendars import Calendars
from sendoff.cli.watch import choose, nothing
from sendoff.ledger import Ledger
from sendoff.ledger.progress import title
from sendoff.settings import Settings
from sendoff.timing.why import why as sentence
from sendoff.when import rules_for_run


@click.command()
@click.argument("run", required=False)
def why(run: str | None) -> None:
    """Say in one sentence why a RUN waits, by id or name; the newest that is under way unless named."""
    settings = Settings.read(os.environ)
    ledger = Ledger.find(settings.ledger_url)
    if ledger is None:
        raise nothing("nothing has been released yet", "why")
    with closing(ledger):
        click.echo(tell(ledger, find(ledger, run), settings, datetime.now(UTC)))


def find(ledger: Ledger, run: str | None) -> str:
    """Find a run by id, or the newest of a name; else the newest that is under way."""
    named = [each.release for each in ledger.events(kinds=("release.created",)) if run and title(each) == run]
    return named[-1] if named else choose(ledger, run, "why")


def tell(ledger: Ledger, release: str, settings: Settings, at: datetime) -> str:
    """Say it, by the rules as they are at a moment."""
    events = ledger.events(release)
    rules = rules_for_run(events, settings.catalog, Calendars(settings.cache), ledger, at)
    return sentence(events, rules, ledger.leases(), at)
