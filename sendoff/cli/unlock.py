"""`sendoff unlock`: free an environment that a dead release still holds."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from sendoff.cli.signed_in import signed_in
from sendoff.cli.terminal import told
from sendoff.ledger import Ledger
from sendoff.people import actor
from sendoff.settings import Settings


@click.command()
@click.argument("resource", metavar="APPLICATION/ENVIRONMENT")
@click.option("--reason", default="", help="Why it is freed; asked for when it is not given.")
def unlock(resource: str, reason: str) -> None:
    """Free an environment that a release holds and does not give back."""
    settings = Settings.read(os.environ)
    ledger = Ledger.find(settings.ledger_url)
    if ledger is None:
        click.echo(f"{resource}: nobody holds it; nothing has been released yet")
        return
    with closing(ledger):
        click.echo(free(ledger, resource, reason.strip(), settings.signed_by))


def free(ledger: Ledger, resource: str, reason: str, signed_by: Path | None = None) -> str:
    """Show who holds a lease, and give it back in their place; tells what came of it.

    Where people sign in the server says who this is; PolicyRefused when it knows nobody.
    """
    lease = next((lease for lease in ledger.leases() if lease.resource == resource), None)
    if lease is None:
        return f"{resource}: nobody holds it, nothing to free"
    since = told(lease.since, datetime.now(UTC))
    click.echo(f"{resource}: held by {lease.actor} since {since} for {lease.why!r} (release {lease.release})")
    reason = reason or click.prompt("Why is it freed")
    who = actor() if signed_by is None else signed_in(resource, lease.release, reason, signed_by)
    if not ledger.give_back(resource, lease.release, who, reason):
        return f"{resource}: given back meanwhile, nothing to free"
    return f"{resource}: free; the reason is in the ledger"
