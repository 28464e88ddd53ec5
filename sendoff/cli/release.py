"""`sendoff release`, `sendoff rollback`: start a run, on the server or right here."""

from __future__ import annotations

from typing import Any

import click

from sendoff.cli.intent import asks_why, checked, intent
from sendoff.cli.prefect_side import hand_over, need_server
from sendoff.spec.intent import PREVIOUS, WayBack, What

LOCAL = click.option("--local", is_flag=True, help="Run in this terminal, without a deployment.")
WATCH = click.option("--watch/--no-watch", default=True, help="Show progress until it ends.")


@click.command()
@click.argument("application")
@click.option("--env", "environment", required=True, help="Where it is to go.")
@click.option("--version", required=True, help="The version; `newest` for the newest commit.")
@asks_why
@LOCAL
@WATCH
def release(application: str, environment: str, version: str, local: bool, watch: bool, **why: Any) -> None:
    """Release a version of an APPLICATION to an environment."""
    what = checked(What, {"application": application, "environment": environment, "version": version})
    _start("release", what, local, watch, why)


@click.command()
@click.argument("application")
@click.option("--env", "environment", required=True, help="What goes back.")
@click.option("--to", default=PREVIOUS, show_default=True, help="The version to go back to.")
@asks_why
@LOCAL
@WATCH
def rollback(application: str, environment: str, to: str, local: bool, watch: bool, **why: Any) -> None:
    """Switch an environment of an APPLICATION back to a release that was live before."""
    what = checked(WayBack, {"application": application, "environment": environment, "to": to})
    _start("rollback", what, local, watch, why)


def _start(story: str, what: What | WayBack, local: bool, watch: bool, why: dict[str, Any]) -> None:
    payload = {"what": what.model_dump(mode="json"), "why": intent(**why).model_dump(mode="json")}
    if local:
        hand_over("flows.locally", story, payload=payload)
        return
    need_server()
    hand_over("deployments.start", story, "--watch" if watch else "--no-watch", payload=payload)
