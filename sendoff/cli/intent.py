"""Options that ask for the intent; what is missing is asked for on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
from pydantic import BaseModel, ValidationError

from sendoff.errors import BadInput, Problem
from sendoff.people import actor
from sendoff.spec.intent import Emergency, Intent

Command = TypeVar("Command", bound=Callable[..., Any])
Model = TypeVar("Model", bound=BaseModel)

EMERGENCY = {"skip": "--skip-gate", "reason": "--emergency-reason"}
OPTIONS = (
    click.option("--summary", help="What changes for whom, in a sentence."),
    click.option("--reason", help="Why now."),
    click.option("--risk", type=click.Choice(["low", "medium", "high"]), help="What could go wrong."),
    click.option("--risk-note", default="", help="What the risk is, and what would be done about it."),
    click.option("--ticket", "tickets", multiple=True, help="A ticket that this closes; may be repeated."),
    click.option("--skip-gate", "skip", multiple=True, help="In an emergency: a gate to skip."),
    click.option("--emergency-reason", help="Why it cannot wait for these gates."),
    click.option("--requested-by", help="Who asks for it; you, unless said."),
)


def asks_why(command: Command) -> Command:
    """Give a command the options of the intent."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def intent(
    summary: str | None,
    reason: str | None,
    risk: str | None,
    skip: tuple[str, ...] = (),
    emergency_reason: str | None = None,
    **more: Any,
) -> Intent:
    """Make the intent of the options; BadInput names all that is missing."""
    if sys.stdin.isatty():
        summary = summary or click.prompt("What changes for whom")
        reason = reason or click.prompt("Why now")
        risk = risk or click.prompt("Risk", type=click.Choice(["low", "medium", "high"]))
    given = {"summary": summary, "reason": reason, "risk": risk, **more}
    given["emergency"] = _emergency(skip, emergency_reason)
    given["requested_by"] = given["requested_by"] or actor()
    return checked(Intent, given)


def _emergency(skip: tuple[str, ...], reason: str | None) -> Emergency | None:
    if not skip and reason is None:
        return None
    return checked(Emergency, {"skip": skip or None, "reason": reason}, EMERGENCY)


def checked(model: type[Model], given: dict[str, Any], options: Mapping[str, str] = {}) -> Model:
    """Check options against a model; BadInput names each option that is wrong or missing.

    `options`: those that are not called as their field is.
    """
    try:
        return model.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        problems = [_problem(each, options) for each in error.errors()]
        raise BadInput(problems) from None


def _problem(error: Any, options: Mapping[str, str]) -> Problem:
    field = str(error["loc"][0])
    option = options.get(field, f"--{field.replace('_', '-')}")
    missing = error["type"] == "missing"
    return Problem("command line", 0, option, "is missing" if missing else error["msg"].lower())
