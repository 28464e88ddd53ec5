"""Printing that all commands share."""

from __future__ import annotations

import json
from typing import Any

import click


def as_json(value: Any) -> None:
    """Print for a machine: JSON, indented, in ASCII so that no terminal can garble it."""
    click.echo(json.dumps(value, indent=2))


def count(number: int, thing: str, things: str = "") -> str:
    """Count things in words: `1 host`, `4 hosts`."""
    return f"{number} {thing}" if number == 1 else f"{number} {things or thing + 's'}"
