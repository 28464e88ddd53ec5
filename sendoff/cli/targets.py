"""`sendoff targets`: what can be done with each kind of target, and by what that was shown."""

from __future__ import annotations

import click
from rich.table import Table

from sendoff.cli import output
from sendoff.cli.terminal import plain_console
from sendoff.targets.evidence import CAPABILITIES


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def targets(as_json: bool) -> None:
    """List what Sendoff can do with each kind of target, what it was tried on, and the test that shows it."""
    if as_json:
        output.as_json([each._asdict() for each in CAPABILITIES])
        return
    table = Table("kind", "what it can do", "evidence", "tried on", box=None, pad_edge=False)
    for each in CAPABILITIES:
        table.add_row(each.kind, each.what, each.evidence, each.on)
    plain_console().print(table)
