"""`sendoff locks`: who holds which environment, why, since when, and until when if they say nothing more."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sendoff.cli import output
from sendoff.cli.terminal import plain_console, told
from sendoff.ledger import Ledger
from sendoff.ledger.models import Lease
from sendoff.report.words import duration
from sendoff.settings import Settings

NONE = "nothing is held: every environment is free"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def locks(as_json: bool) -> None:
    """Show which environments are held, by whom, and why."""
    ledger = Ledger.find(Settings.read(os.environ).ledger_url)
    held: tuple[Lease, ...] = ()
    if ledger is not None:
        with closing(ledger):
            held = ledger.leases()
    if as_json:
        output.as_json([lease.model_dump(mode="json") for lease in held])
    else:
        show(held, plain_console(), datetime.now(UTC))


def show(held: tuple[Lease, ...], console: Console, now: datetime) -> None:
    """Print them for people, and how to free one."""
    if not held:
        console.print(NONE)
        return
    table = Table("environment", "held by", "since", "for", "number", "", box=None, pad_edge=False)
    for lease in held:
        words = (lease.resource, lease.actor, told(lease.since, now), lease.why, str(lease.token))
        table.add_row(*map(Text, words), Text(kept(lease, now)))
    console.print(table)
    for lease in held:
        console.print(f"\nwatch it: sendoff watch {lease.release}\nfree it:  sendoff unlock {lease.resource}")


def kept(lease: Lease, now: datetime) -> str:
    """Tell whether its process lives, as far as the lease shows."""
    if lease.expires is None:
        return "waits for people or the clock"
    left = (lease.expires - now).total_seconds()
    return "at work" if left > 0 else f"silent for {duration(-left)}: will go on elsewhere, or be taken over"
