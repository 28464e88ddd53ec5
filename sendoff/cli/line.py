"""`sendoff line`: stop the line, let it go, and show whether it is stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import click

from sendoff import stopping
from sendoff.cli import output
from sendoff.cli.prefect_side import hand_over, need_server
from sendoff.cli.terminal import plain_console, told
from sendoff.errors import BadInput, Problem
from sendoff.ledger import Ledger
from sendoff.ledger.progress import scope
from sendoff.people import actor
from sendoff.settings import Settings
from sendoff.spec.intent import ALL
from sendoff.timing.rules import Stop

GOES = "the line goes: nothing is stopped"
BY_THEMSELVES = "PREFECT_API_URL is not set: releases that are held look again by themselves, within an hour"


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--environment", default="", help="Only releases to this environment."),
        click.option("--application", default="", help="Only releases of this application."),
        click.option("--reason", required=True, help="Why."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def line(ctx: click.Context, as_json: bool) -> None:
    """Show whether the line is stopped; with a command, stop it or let it go."""
    if ctx.invoked_subcommand:
        return
    ledger = Ledger.find(Settings.read(os.environ).ledger_url)
    stops: tuple[Stop, ...] = ()
    if ledger is not None:
        with closing(ledger):
            stops = stopping.stopped(ledger)
    if as_json:
        output.as_json([each.model_dump(mode="json") for each in stops])
        return
    console, now = plain_console(), datetime.now(UTC)
    for each in stops:
        where = scope(each.application, each.environment)
        console.print(f"stopped for {where}, by {each.owner} since {told(each.since, now)}: {each.reason}")
    if not stops:
        console.print(GOES)


@line.command()
@_options
def stop(reason: str, application: str, environment: str) -> None:
    """Hold every release at its next safe point, until the line is let go."""
    settings = _settings(reason, application, environment)
    if settings.signed_by is not None:
        _order("stop", reason, application, environment)
        return
    with closing(Ledger.open(settings.ledger_url)) as ledger:
        click.echo(stopping.stop(ledger, actor(), reason.strip(), (application, environment)))


@line.command()
@_options
def go(reason: str, application: str, environment: str) -> None:
    """Let the line go, for just what it was stopped for; releases that it held go on at once."""
    settings = _settings(reason, application, environment)
    if settings.signed_by is not None:
        _order("let go", reason, application, environment)
        return
    with closing(Ledger.open(settings.ledger_url)) as ledger:
        click.echo(stopping.let_go(ledger, actor(), reason.strip(), (application, environment)))
    if os.environ.get("PREFECT_API_URL"):
        hand_over("deployments.let_go")
    else:
        click.echo(BY_THEMSELVES)


def _order(choice: str, reason: str, application: str, environment: str) -> None:
    """Have a worker do it, where people sign in: the server stamps the order with who gave it."""
    need_server()
    where = {"application": application or ALL, "environment": environment or ALL}
    order = {"choice": choice, "reason": reason.strip(), **where}
    hand_over("deployments.carry_out", "stop-the-line", payload={"order": order})


def _settings(reason: str, application: str, environment: str) -> Settings:
    if not reason.strip():
        raise BadInput([Problem("command line", 0, "--reason", "is empty", "why")])
    settings = Settings.read(os.environ)
    stopping.check_names(settings.catalog, application, environment)
    return settings
