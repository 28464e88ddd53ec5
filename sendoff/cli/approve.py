"""`sendoff approve`: answer a waiting approval from a terminal."""

from __future__ import annotations

import sys

import click

from sendoff.cli.prefect_side import hand_over, need_server, told_by
from sendoff.cli.terminal import plain_console
from sendoff.errors import PolicyRefused


@click.command()
@click.argument("run")
@click.option("--as", "approver", default="", help="Who you are, where nobody signs in.")
@click.option("--group", default="", help="Which group you answer for, where groups have to agree.")
@click.option("--reject", is_flag=True, help="Reject it; needs a comment.")
@click.option("--later", metavar="WHEN", default="", help="Ask again then: 30m, 2h, or 2026-12-01T09:00.")
@click.option("--comment", default="", help="Why.")
@click.option(
    "--code",
    default="",
    help="The short code of what you have read; unless given you are shown it, and asked.",
)
def approve(run: str, approver: str, group: str, reject: bool, later: str, comment: str, code: str) -> None:
    """Approve (or reject, or put off) the waiting RUN, by its id or its name."""
    need_server()
    if reject and later:
        raise click.UsageError("--reject and --later together, expected one of them")
    decision = "reject" if reject else "later" if later else "approve"
    if decision == "approve" and not code:
        run, code = _read_and_agreed(run)
    given = {
        "decision": decision,
        "approver": approver,
        "group": group,
        "until": later,
        "comment": comment,
        "code": code,
    }
    hand_over("deployments.answer", run, payload=given)


def _read_and_agreed(wanted: str) -> tuple[str, str]:
    """Show what would be approved, and ask; gives the id of the run, and the code of what was shown.

    PolicyRefused where nobody is there to read it: a script has to know what it approves.
    """
    asked = told_by("deployments.asked", wanted)
    name, code = asked["name"], asked["code"]
    if not sys.stdin.isatty():
        raise PolicyRefused(
            f"{name}: --code is not given, expected that of what you have read; it shows {code} now, so read "
            f"it, and add --code {code}"
        )
    plain_console().print(f"{asked['text']}\n")
    click.confirm(f"Approve {name!r}, with the code {code}?", abort=True)
    return asked["run"], code
