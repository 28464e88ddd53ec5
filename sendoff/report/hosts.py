"""Hosts in tables that stay short and in sentences that stay readable, for three hosts and for fifty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sendoff.report.markdown import bullets, escape, table
from sendoff.report.words import count, listing

MOST_ROWS = 6
MOST_NAMES = 3

Row = tuple[str, str, str]


def table_of_hosts(now: str, other: str, rows: Iterable[Row]) -> str:
    """Draw host, what is live and what else was or will be; many hosts are gathered into a few lines."""
    known = list(rows)
    if len(known) <= MOST_ROWS:
        return table(("Host", now, other), known)
    alike: dict[tuple[str, str], list[str]] = {}
    for host, *places in known:
        alike.setdefault((places[0], places[1]), []).append(host)
    return bullets(
        f"**{now.lower()} {escape(here)}, {other.lower()} {escape(there)}** "
        f"on {count(len(hosts), 'host')}: {escape(', '.join(hosts))}"
        for (here, there), hosts in alike.items()
    )


def some(hosts: Sequence[str], of: int = 0) -> str:
    """Name a few hosts and count many; `of` is how many there are in all."""
    if len(hosts) == of > 1:
        return f"all {of} hosts"
    return listing(hosts) if len(hosts) <= MOST_NAMES else count(len(hosts), "host")
