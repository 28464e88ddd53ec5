"""`sendoff approve`: answer a waiting approval from a terminal."""

from __future__ import annotations

import click

from sendoff.cli.prefect_side import hand_over, need_server


@click.command()
@click.argument("run")
@click.option("--as", "approver", default="", help="Who you are, where nobody signs in.")
@click.option("--reject", is_flag=True, help="Reject it; needs a comment.")
@click.option("--comment", default="", help="Why.")
def approve(run: str, approver: str, reject: bool, comment: str) -> None:
    """Approve (or reject) the waiting RUN, by its id or its name."""
    need_server()
    decision = "reject" if reject else "approve"
    hand_over(
        "deployments.answer", run, payload={"decision": decision, "approver": approver, "comment": comment}
    )
