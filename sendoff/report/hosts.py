"""Hosts in tables that stay short and in sentences that stay readable, for three hosts and for fifty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sendoff.report.markdown import bullets, escape, table
from sendoff.report.words import count, listing

MOST_ROWS = 6
MOST_NAMES = 3
STAYS = "stays as it is"  # in the place of what a host goes to

Row = tuple[str, str, str]


def table_of_hosts(now: str, other: str, rows: Iterable[Row]) -> str:
    """Draw host, what is live and what else was or will be; many hosts are gathered into a few lines."""
    known = list(rows)
    if len(known) <= MOST_ROWS:
        return table(("Host", now, other), known)
    return bullets(
        f"**{now.lower()} {escape(here)}, {other.lower()} {escape(there)}** "
        f"on {count(len(hosts), 'host')}: {escape(', '.join(hosts))}"
        for (here, there), hosts in _alike(known).items()
    )


def moves(rows: Iterable[Row]) -> str:
    """Say in a line what changes where: few hosts by name, many by number, those alike together."""
    return "; ".join(
        f"{some(hosts)}: {then if then.startswith(STAYS) else f'from {now} to {then}'}"
        for (now, then), hosts in _alike(rows).items()
    )


def some(hosts: Sequence[str], of: int = 0) -> str:
    """Name a few hosts and count many; `of` is how many there are in all."""
    if len(hosts) == of > 1:
        return f"all {of} hosts"
    return listing(hosts) if len(hosts) <= MOST_NAMES else count(len(hosts), "host")


def _alike(rows: Iterable[Row]) -> dict[tuple[str, str], list[str]]:
    """Gather the hosts of which the same is said."""
    found: dict[tuple[str, str], list[str]] = {}
    for host, here, there in rows:
        found.setdefault((here, there), []).append(host)
    return found
