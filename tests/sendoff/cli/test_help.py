"""The command line itself: help at once, and errors as messages with an exit code."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from sendoff import __version__, cli
from sendoff.errors import BadInput, CheckFailed, PolicyRefused, Problem

HEAVY = {"boto3", "prefect", "sqlalchemy", "paramiko", "httpx", "pydantic"}
HELP = f"""
import sys
from sendoff.cli import main
try:
    main(["--help"])
finally:
    print("imported:", *sorted({HEAVY!r} & set(sys.modules)))
"""


def test_help_is_light():
    """Help lists every command with its line, and imports nothing that takes time."""
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported:"
    assert all(name in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_commands(name):
    """Every line of the table names a command that tells of itself."""
    result = CliRunner().invoke(cli.main, [name, "--help"])
    assert (result.exit_code, result.output.split("\n")[0].split()[:3]) == (0, ["Usage:", "main", name])


def test_version():
    """The version is told."""
    assert CliRunner().invoke(cli.main, ["--version"]).output == f"sendoff, version {__version__}\n"


def test_unknown():
    """An unknown command is an error of usage."""
    result = CliRunner().invoke(cli.main, ["relase"])
    assert (result.exit_code, "No such command" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            BadInput([Problem("a.yaml", 3, "owner", "is empty", "text")]),
            2,
            "a.yaml:3: owner: is empty, expected text\n",
        ),
        (PolicyRefused("staging: frozen"), 1, "staging: frozen\n"),
        (CheckFailed("health: status 500, expected 200"), 1, "health: status 500, expected 200\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_errors(monkeypatch, error, code, message):
    """What goes wrong in a command is its message on stderr and an exit code."""

    @click.command()
    def failing():
        raise error

    monkeypatch.setattr(cli.Root, "get_command", lambda *_: failing)
    result = CliRunner().invoke(cli.main, ["failing"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", message)


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour(monkeypatch, no_color, coloured):
    """NO_COLOR takes colours away where there would be some."""
    monkeypatch.setenv("NO_COLOR", no_color)
    result = CliRunner().invoke(cli.main, ["validate", "/none.yaml"], color=True)
    assert ("\x1b[" in result.stderr) is coloured


def test_broken_pipe():
    """A reader that has seen enough is no error."""
    command = f"{sys.executable} -c 'from sendoff.cli import main; main()' schema | head -c 10"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ('{\n  "$sche', "")
