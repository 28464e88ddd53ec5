"""Words and variables through a real shell."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st

from sendoff.targets.ssh.session import LAUNCH
from sendoff.targets.ssh.words import exports, quoted

WORD = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=30)


def shell(line: str, stdin: bytes = b"") -> list[str]:
    done = subprocess.run(["sh", "-c", line], input=stdin, capture_output=True, check=True)
    return done.stdout.decode().split("\0")


@settings(max_examples=40, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=5))
def test_words_stay_as_they_are(words: list[str]) -> None:
    """Quotes, spaces, dollars and line ends go through a shell unchanged."""
    assert shell(quoted(["printf", "%s\\0", *words])) == [*words, ""]


@settings(max_examples=40, deadline=None)
@given(WORD, WORD)
def test_variables_come_over_standard_input(value: str, rest: str) -> None:
    """Values arrive unchanged, and the command reads what follows them, from its first byte on."""
    line = quoted(["sh", "-c", LAUNCH, "sendoff", "sh", "-c", 'printf "%s\\0" "$TOKEN"; cat'])
    said = shell(line, exports({"TOKEN": value}) + rest.encode())
    assert said[0].partition("\n")[2] == value
    assert said[1] == rest
