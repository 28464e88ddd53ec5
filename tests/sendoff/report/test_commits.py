"""Commits are told one a line, and a long list is cut short."""

from __future__ import annotations

from sendoff.artifact.manifest import Commit
from sendoff.report.commits import MOST_COMMITS, commit_lines

COMMIT = Commit(sha="c0ffee" * 6, author="Ada", at="2026-11-23T10:00:00+00:00", subject="Search | fast")


def test_a_commit_is_one_line() -> None:
    """Short name, subject, author; nothing of it is Markdown."""
    assert list(commit_lines([COMMIT])) == [r"c0ffeec0 Search \| fast (Ada)"]


def test_many_commits_are_cut_short() -> None:
    """What is left out is counted."""
    lines = list(commit_lines([COMMIT] * (MOST_COMMITS + 3)))
    assert len(lines) == MOST_COMMITS + 1
    assert lines[-1] == "and 3 more commits"
