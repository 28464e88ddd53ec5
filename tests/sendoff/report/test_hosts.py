"""Hosts are listed one by one while they are few, and gathered when they are many."""

from __future__ import annotations

import pytest

from sendoff.report.hosts import MOST_ROWS, STAYS, moves, some, table_of_hosts


def test_few_hosts_are_a_table() -> None:
    """A row each."""
    text = table_of_hosts("Now", "Then", [("web-1", "2.4.0", "2.4.1")])
    assert text == "| Host | Now | Then |\n| --- | --- | --- |\n| web-1 | 2.4.0 | 2.4.1 |"


def test_many_hosts_are_gathered() -> None:
    """Hosts that are alike share a line; every host is named."""
    rows = [(f"web-{number}", "2.4.0", "2.4.1") for number in range(MOST_ROWS)]
    text = table_of_hosts("Now", "Then", [*rows, ("jobs-1", "nothing", "2.4.1")])
    assert text.split("\n") == [
        "- **now 2.4.0, then 2.4.1** on 6 hosts: web-0, web-1, web-2, web-3, web-4, web-5",
        "- **now nothing, then 2.4.1** on 1 host: jobs-1",
    ]


@pytest.mark.parametrize(
    ("hosts", "of", "words"),
    [
        (["a"], 1, "a"),
        (["a", "b"], 2, "all 2 hosts"),
        (["a", "b"], 9, "a and b"),
        (["a", "b", "c", "d"], 9, "4 hosts"),
    ],
)
def test_some_hosts_in_words(hosts: list[str], of: int, words: str) -> None:
    """Few are named, many are counted."""
    assert some(hosts, of) == words


def test_what_changes_where_is_a_line() -> None:
    """Those that change alike together; of those that stay as they are, no more than that."""
    rows = [(f"web-{number}", "2.4.0", "2.4.1") for number in range(40)]
    left = ("jobs-1", "2.4.0", f"{STAYS}, left out")
    assert moves([*rows, ("jobs-0", "nothing", "2.4.1"), left]) == (
        "40 hosts: from 2.4.0 to 2.4.1; jobs-0: from nothing to 2.4.1; jobs-1: stays as it is, left out"
    )
    assert moves(rows[:2]) == "web-0 and web-1: from 2.4.0 to 2.4.1"
