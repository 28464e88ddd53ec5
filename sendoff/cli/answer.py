"""`sendoff answer`: say from a terminal what is to be done where something broke, or a freeze holds it."""

from __future__ import annotations

import click

from sendoff.cli.prefect_side import hand_over, need_server

DECISIONS = ("retry", "leave-out", "undo", "stop-here", "wait", "ship-anyway")


@click.command()
@click.argument("run")
@click.argument("decision", type=click.Choice(DECISIONS))
@click.option("--as", "who", default="", help="Who you are, where nobody signs in.")
@click.option("--because", default="", help="Why.")
def answer(run: str, decision: str, who: str, because: str) -> None:
    """Answer the RUN that asks what to do, by its id or its name, with a DECISION.

    `wait` and `ship-anyway` are for a release that a freeze holds: its owner may override it.
    """
    need_server()
    given = {"decision": decision.replace("-", " "), "who": who, "comment": because}
    hand_over("deployments.answer", run, payload=given)
