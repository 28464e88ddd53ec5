"""`sendoff reviews`, `sendoff review close`: what emergency releases leave to be looked at."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.text import Text

from sendoff.cli import output
from sendoff.cli.prefect_side import hand_over, need_server
from sendoff.cli.terminal import plain_console, told
from sendoff.errors import BadInput, PolicyRefused, Problem
from sendoff.ledger import Ledger
from sendoff.ledger.models import Event
from sendoff.report.emergency import EMERGENCY
from sendoff.reviewing import close_review
from sendoff.reviews import REVIEWS, Review, open_reviews, reviews
from sendoff.settings import Settings

NONE = "no review is open"


@click.command("reviews")
@click.option("--all", "also_closed", is_flag=True, help="Those that are closed as well.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_reviews(also_closed: bool, as_json: bool) -> None:
    """Show the reviews of emergency releases that somebody has to close."""
    ledger = Ledger.find(Settings.read(os.environ).ledger_url)
    events: tuple[Event, ...] = ()
    if ledger is not None:
        with closing(ledger):
            events = ledger.events(kinds=REVIEWS)
    found = reviews(events) if also_closed else open_reviews(events)
    if as_json:
        output.as_json([each.model_dump(mode="json") for each in found])
    elif not found:
        click.echo(NONE)
    for each in found if not as_json else ():
        show_review(each, plain_console(), datetime.now(UTC))


@click.group()
def review() -> None:
    """Look after the review of an emergency release."""


@review.command()
@click.argument("run")
@click.option("--as", "by", help="Who you are, where nobody signs in; not the one who asked for the release.")
@click.option("--finding", required=True, help="What the review came to.")
def close(run: str, by: str | None, finding: str) -> None:
    """Close the review of a RUN, by its id."""
    settings = Settings.read(os.environ)
    if settings.signed_by is not None:
        if by is not None:
            raise PolicyRefused(
                "--as: who closes it is proved by signing in here, expected no name; leave --as out"
            )
        need_server()
        order = {"review": {"run": run, "finding": finding}}
        hand_over("deployments.carry_out", "close-review", payload=order)
        return
    if by is None:
        raise BadInput([Problem("command line", 0, "--as", "is not given", "who you are")])
    ledger = Ledger.find(settings.ledger_url)
    if ledger is None:
        raise PolicyRefused("review: nothing has been released yet, expected an emergency release")
    with closing(ledger):
        closed = close_review(ledger, run, by, finding)
    click.echo(f"{closed.title}: its review is closed by {closed.closed_by}")
    if os.environ.get("PREFECT_API_URL"):
        hand_over("deployments.tell", run)


def show_review(each: Review, console: Console, now: datetime) -> None:
    """Print a review in two lines: what it is about, and how to close it or what it came to."""
    line = Text(f"{EMERGENCY} ", style="bold red") if not each.closed else Text()
    console.print(line + Text(f"{each.title.removeprefix(f'{EMERGENCY}: ')}: {each.said}"))
    if each.closed:
        console.print(Text(f"  closed by {each.closed_by} {told(each.closed, now)}: {each.finding}"))
    else:
        console.print(
            Text(f"  open since {told(each.opened, now)}; close it: sendoff review close {each.release}")
        )
