"""`sendoff approve`: answer a waiting approval from a terminal."""

from __future__ import annotations

import click

from sendoff.cli.prefect_side import hand_over, need_server


@click.command()
@click.argument("run")
@click.option("--as", "approver", default="", help="Who you are, where nobody signs in.")
@click.option("--group", default="", help="Which group you answer for, where groups have to agree.")
@click.option("--reject", is_flag=True, help="Reject it; needs a comment.")
@click.option("--later", metavar="WHEN", default="", help="Ask again then: 30m, 2h, or 2026-12-01T09:00.")
@click.option("--comment", default="", help="Why.")
@click.option("--code", default="", help="The short code of what you have read; refused if it has changed.")
def approve(run: str, approver: str, group: str, reject: bool, later: str, comment: str, code: str) -> None:
    """Approve (or reject, or put off) the waiting RUN, by its id or its name."""
    need_server()
    if reject and later:
        raise click.UsageError("--reject and --later together, expected one of them")
    decision = "reject" if reject else "later" if later else "approve"
    given = {
        "decision": decision,
        "approver": approver,
        "group": group,
        "until": later,
        "comment": comment,
        "code": code,
    }
    hand_over("deployments.answer", run, payload=given)
