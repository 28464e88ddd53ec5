"""Placeholders such as `{version}` in commands and addresses; `{{` and `}}` are literal braces."""

from __future__ import annotations

import re
from collections.abc import Mapping

TOKEN = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")


class BadPlaceholder(ValueError):
    """A text has a brace that is no placeholder, or names something that has no value."""


def names(text: str) -> set[str]:
    """Name the placeholders of a text; BadPlaceholder when a brace is neither part of one nor doubled."""
    return {name for match in TOKEN.finditer(text) if (name := _name(match, text))}


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values in place of their names, once: braces in a value stay as they are."""
    return TOKEN.sub(lambda match: _filled(match, text, values), text)


def _name(match: re.Match[str], text: str) -> str | None:
    if match[0] in ("{", "}"):
        around = text[match.start() : match.start() + 20]
        raise BadPlaceholder(
            f"{around!r} is no placeholder, expected a name as in {{version}}; write {{{{ and }}}} for braces"
        )
    return match[1]


def _filled(match: re.Match[str], text: str, values: Mapping[str, object]) -> str:
    name = _name(match, text)
    if name is None:
        return match[0][0]
    if name not in values:
        raise BadPlaceholder(
            f"{match[0]!r} has no value, expected one of: {', '.join(sorted(values)) or 'none'}"
        )
    return str(values[name])
