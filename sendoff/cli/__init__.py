"""The command line: every command is loaded only when it is run, so that help comes at once."""

from __future__ import annotations

import importlib
import os
from typing import NamedTuple

import click

from sendoff import __version__
from sendoff.errors import BadInput, SendoffError

INTERRUPTED = 130


class Entry(NamedTuple):
    """Where a command is defined, as `module:attribute`, and its line in the help."""

    source: str
    help: str


COMMANDS = {
    "validate": Entry(
        "sendoff.cli.validate:validate", "Check release files; show all that is wrong, with lines."
    ),
    "schema": Entry("sendoff.cli.validate:schema", "Print the JSON Schema of release files, for editors."),
    "plan": Entry("sendoff.cli.plan:plan", "Show what a release would do, without doing any of it."),
    "release": Entry("sendoff.cli.release:release", "Release a version of an application."),
    "rollback": Entry("sendoff.cli.release:rollback", "Go back to a release that was live before."),
    "approve": Entry("sendoff.cli.approve:approve", "Answer a release that waits for an approval."),
    "answer": Entry(
        "sendoff.cli.answer:answer", "Say what is to be done where something broke, or a freeze holds it."
    ),
    "targets": Entry(
        "sendoff.cli.targets:targets", "List what can be done with each kind of target, and what shows it."
    ),
    "register": Entry("sendoff.cli.register:register", "Make the release files known to a Prefect server."),
    "status": Entry("sendoff.cli.status:status", "Show what is where, and what is being released now."),
    "watch": Entry("sendoff.cli.watch:watch", "Follow a release until it ends."),
    "why": Entry(
        "sendoff.cli.why:why", "Say why a release waits, on whom, until when, and when it may ship."
    ),
    "line": Entry("sendoff.cli.line:line", "Stop the line, let it go, and show whether it is stopped."),
    "locks": Entry("sendoff.cli.locks:locks", "Show who holds which environment, why, and since when."),
    "unlock": Entry("sendoff.cli.unlock:unlock", "Free an environment that a dead release still holds."),
    "server": Entry("sendoff.cli.server:server", "Serve Prefect behind a sign-in for each user."),
    "users": Entry("sendoff.cli.users:users", "Manage who may sign in at the server."),
    "reviews": Entry("sendoff.cli.review:list_reviews", "Show which emergency releases await their review."),
    "review": Entry("sendoff.cli.review:review", "Close the review of an emergency release."),
    "ledger": Entry("sendoff.cli.ledger:ledger", "Look after the ledger."),
}
"""A command is one line here, in the order of the help."""


class Root(click.Group):
    """Loads commands late, and turns what goes wrong into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].source.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 -- the table is ours, a wrong line is a bug
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; exits with 2 for wrong input, 1 for Sendoff's other errors, 130 when interrupted."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except SendoffError as error:
            click.echo(click.style(str(error), fg="red"), err=True)
            ctx.exit(2 if isinstance(error, BadInput) else 1)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sendoff")
def main() -> None:
    """Release applications as durable, explainable runs."""
