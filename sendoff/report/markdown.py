"""Markdown that stays in shape whatever people typed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

SPECIAL = re.compile(
    r"([\\`*_\[\]#~&<>|])"
)  # backslashes: Prefect's classic UI shows some entities as they are
QUOTED = re.compile(r"""(?<![\w'"])(?:"(?:\\.|[^"\\])+"|'(?:\\.|[^'\\])+')(?![\w'"])""")
SHELL_QUOTED = re.compile(r"'([\w{}./:=-]*\{\w+\}[\w{}./:=-]*)'")
AT_START = re.compile(r"^([-+=]|\d{1,9}(?=[.)](?: |$)))")


def escape(text: object) -> str:
    """Show a text as it was typed, on one line: no table, heading, emphasis, code or HTML comes of it."""
    line = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    plain = SPECIAL.sub(r"\\\1", line)
    return AT_START.sub(lambda match: _start(match[0]), plain)


def _start(marker: str) -> str:
    return f"{marker}\\" if marker.isdigit() else f"\\{marker}"


def code(text: str) -> str:
    """Show a text as code on one line, whatever backticks are in it."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"


def with_code(text: str) -> str:
    """Escape a text, and show as code what stands in quotes, such as commands and addresses."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    parts, end = [], 0
    for match in QUOTED.finditer(line):
        parts += [_between(line[end : match.start()], at_start=end == 0), code(_unquoted(match[0]))]
        end = match.end()
    return "".join([*parts, _between(line[end:], at_start=end == 0)])


def _between(text: str, at_start: bool) -> str:
    if not text.strip():
        return text
    inner = escape(text) if at_start else escape(f"x{text}")[1:]
    return inner + " " * (text[-1] == " ")


def _unquoted(text: str) -> str:
    try:
        plain = str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        plain = text[1:-1]
    # A placeholder needs no quotes for the shell: it is filled before.
    return SHELL_QUOTED.sub(r"\1", plain)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Draw a table; cells are escaped here, the header is ours."""
    lines = [header, ["---"] * len(header), *([escape(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """Make a list; the lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def numbered(items: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Make a numbered list, each item with bullets of its own below; all of it is Markdown already."""
    lines: list[str] = []
    for number, (item, below) in enumerate(items, 1):
        lines += [f"{number}. {item}", *(f"    - {line}" for line in below)]
    return "\n".join(lines)


def document(parts: Iterable[str]) -> str:
    """Join paragraphs with empty lines between them, those that are empty left out."""
    return "\n\n".join(part for part in parts if part) + "\n"
