"""Commits as a list that stays short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sendoff.artifact.manifest import Commit
from sendoff.report.markdown import escape
from sendoff.report.words import count

MOST_COMMITS = 20


def commit_lines(commits: Iterable[Commit]) -> Iterator[str]:
    """Tell commits, a line each; a long list is cut short and says so."""
    known = tuple(commits)
    for commit in known[:MOST_COMMITS]:
        yield escape(f"{commit.sha[:8]} {commit.subject} ({commit.author})")
    if len(known) > MOST_COMMITS:
        yield f"and {count(len(known) - MOST_COMMITS, 'more commit')}"
