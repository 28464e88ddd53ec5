"""What came of it all, as a page: a summary for each victim, and a table of boundaries and victims."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OWN = ("Live", "Undone")
HEAD = Path(__file__).with_name("head.md").read_text()


@dataclass(frozen=True)
class Row:
    """One cell."""

    victim: str
    boundary: str
    end: str
    seconds: float | None
    problems: tuple[str, ...]

    @property
    def shown(self) -> str:
        if self.problems:
            return "**missed**"
        took = "" if self.seconds is None else f"{self.seconds:.1f}"
        return took if self.end in OWN and took else f"{self.end} {took}".strip()


def page(rows: Sequence[Row]) -> str:
    """Write all of it."""
    parts = [HEAD, _summary(rows), _table(rows)]
    if missed := [row for row in rows if row.problems]:
        lines = [f"- {row.victim} at `{row.boundary}`: {'; '.join(row.problems)}" for row in missed]
        parts.append("\n".join(("## Missed", "", *lines, "")))
    return "\n".join(parts)


def _summary(rows: Sequence[Row]) -> str:
    lines = ["## By victim", "", "| victim | tried | missed | p50, s | p95, s |", "|---|--:|--:|--:|--:|"]
    for victim in _distinct(row.victim for row in rows):
        mine = [row for row in rows if row.victim == victim]
        took = sorted(row.seconds for row in mine if row.seconds is not None and not row.problems)
        missed = sum(bool(row.problems) for row in mine)
        lines.append(f"| {victim} | {len(mine)} | {missed} | {_nth(took, 0.5)} | {_nth(took, 0.95)} |")
    return "\n".join((*lines, ""))


def _table(rows: Sequence[Row]) -> str:
    victims, boundaries = _distinct(row.victim for row in rows), _distinct(row.boundary for row in rows)
    found = {(row.boundary, row.victim): row.shown for row in rows}
    lines = [
        "## By boundary",
        "",
        f"| boundary | {' | '.join(victims)} |",
        f"|---|{'--:|' * len(victims)}",
    ]
    for boundary in boundaries:
        cells = " | ".join(found.get((boundary, victim), "") for victim in victims)
        lines.append(f"| {boundary} | {cells} |")
    return "\n".join((*lines, ""))


def _nth(took: Sequence[float], share: float) -> str:
    """Give the smallest that so large a share does not exceed."""
    return f"{took[math.ceil(share * len(took)) - 1]:.1f}" if took else ""


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def read(file: Path) -> list[Row]:
    """Read the cells that were kept."""
    known = json.loads(file.read_text()) if file.exists() else []
    return [Row(**{**each, "problems": tuple(each["problems"])}) for each in known]


def keep(file: Path, rows: Sequence[Row], victims: Sequence[str], boundaries: Sequence[str]) -> list[Row]:
    """Put cells in the place of their older ones; gives all that are kept, in order."""
    all_rows = {(row.victim, row.boundary): row for row in (*read(file), *rows)}
    kept = [
        all_rows[victim, boundary]
        for victim in victims
        for boundary in boundaries
        if (victim, boundary) in all_rows
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(row) for row in kept], indent=1))
    return kept
