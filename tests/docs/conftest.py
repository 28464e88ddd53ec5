"""The pages of the documentation, cut into what can be tested."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what else its first line says, its text, and the line it starts at."""

    language: str
    said: str
    text: str
    line: int

    @property
    def title(self) -> str | None:
        """Name the file that it is, as `title="…"`."""
        found = re.search(r'title="([^"]+)"', self.said)
        return found[1] if found else None


def cut(text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        language, _, said = match["info"].strip().partition(" ")
        lines = [line.removeprefix(match["indent"]) for line in match["text"].splitlines()]
        found.append(Block(language, said, "\n".join(lines) + "\n", text.count("\n", 0, match.start()) + 1))
    return found


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def blocks() -> Callable[[str], list[Block]]:
    """Cut a page, named from the checkout, into its fenced blocks."""
    return lambda page: cut((ROOT / page).read_text("utf-8"))


@pytest.fixture(scope="session")
def prose() -> Callable[[str], str]:
    """Give a page without its fenced blocks."""
    return lambda page: FENCE.sub("", (ROOT / page).read_text("utf-8"))
