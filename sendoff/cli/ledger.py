"""`sendoff ledger`: look after the ledger itself."""

from __future__ import annotations

import os
from contextlib import closing

import click

from sendoff.errors import SendoffError
from sendoff.ledger import Ledger
from sendoff.settings import Settings


@click.group()
def ledger() -> None:
    """Look after the ledger."""


@ledger.command()
def verify() -> None:
    """Check that no event was changed, removed, inserted or moved; prints the head to keep elsewhere."""
    opened = Ledger.find(Settings.read(os.environ).ledger_url)
    if opened is None:
        click.echo("ok: no ledger yet, nothing has been released")
        return
    with closing(opened):
        if broken := opened.verify():
            raise SendoffError(str(broken))
        head = opened.head()
    click.echo(f"ok: {head.number} events, head {head.hash}")
