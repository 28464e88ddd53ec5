"""`sendoff register`: make what the release files call for known to a Prefect server."""

from __future__ import annotations

import click

from sendoff.cli.prefect_side import hand_over, need_server


@click.command()
def register() -> None:
    """Register blocks, the work pool, deployments and schedules; safe to repeat."""
    need_server()
    hand_over("deployments.register")
