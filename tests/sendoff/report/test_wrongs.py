"""What was wrong is told in the words of those who saw it, and shortly."""

from __future__ import annotations

import pytest

from sendoff.report.wrongs import failure, first_line


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "no reason was recorded"),
        ("web-1: gone\nweb-2: gone", "web-1: gone"),
        (
            "'make' exited with 2; its last lines:\n  | one\n  | Error 1",
            "'make' exited with 2; it said last: 'Error 1'",
        ),
        ("'make' exited with 2; its last lines:", "'make' exited with 2"),
    ],
)
def test_machinery_is_quoted_shortly(said: str, words: str) -> None:
    """The first line, and the last of what a command wrote."""
    assert first_line(said) == words


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ({"host": "web-1", "said": "web-1 answered\n 503"}, "web-1 answered 503"),
        ({"host": "web-1", "said": "answered 503"}, "web-1: answered 503"),
        ({"said": "answered 503"}, "answered 503"),
        ({"host": "web-1"}, "web-1: no details"),
    ],
)
def test_a_failed_check_names_its_host_once(check: dict[str, str], words: str) -> None:
    """Its own words begin with the host most of the time."""
    assert failure(check) == words
