"""Whatever people type, Markdown stays in shape."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.report.markdown import bullets, code, document, escape, numbered, table, with_code


def read_back(cell: str) -> str:
    """Undo what Markdown does with escapes."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell)


def bare(line: str) -> str:
    """Leave only what Markdown would interpret: escaped signs are taken out."""
    return re.sub(r"\\[!-/:-@\[-`{-~]", "", line)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("a\nb\r\n\tc", "a b c"),
        ("<script>&", r"\<script\>\&"),
        ("`x` *y* _z_ [l](u)", r"\`x\` \*y\* \_z\_ \[l\](u)"),
        ("# title", r"\# title"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("2.4.1 is live", "2.4.1 is live"),
        (r"a\|b", r"a\\\|b"),
        (None, "None"),
    ],
)
def test_escape_leaves_nothing_to_interpret(text: object, escaped: str) -> None:
    """Each sign of Markdown and HTML loses its meaning, and words stay readable."""
    assert escape(text) == escaped


@given(st.text())
def test_escaped_text_reads_as_typed(text: str) -> None:
    """Nothing is lost but line breaks, control characters and runs of space."""
    shown = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    assert read_back(escape(text)) == shown


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5))
def test_tables_keep_their_shape(rows: list[tuple[str, str, str]]) -> None:
    """Every row is one line with as many cells as the header, whatever is in them."""
    lines = table(("A", "B", "C"), rows).split("\n")
    assert len(lines) == len(rows) + 2
    assert {len(bare(line).split("|")) for line in lines} == {5}
    assert not any(re.search(r"[<>\r\n]", bare(line)) for line in lines)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run 'bin/app restart' after", "run `bin/app restart` after"),
        ("""run "bin/app '{port}' --at '{root}/run'" now""", "run `bin/app {port} --at {root}/run` now"),
        ("'a' and 'b'", "`a` and `b`"),
        ("""'it\\'s' so""", "`it's` so"),
        ("the fleet's *root* isn't <b>", r"the fleet's \*root\* isn't \<b\>"),
        ("'`x`' y", "`` `x` `` y"),
        ("- 'x'", r"\- `x`"),
        ("'' and 'open", "'' and 'open"),
    ],
)
def test_what_stands_in_quotes_is_code(text: str, shown: str) -> None:
    """Commands and addresses stand out, apostrophes stay, all else is escaped."""
    assert with_code(text) == shown


@given(st.text())
def test_text_with_code_is_one_line(text: str) -> None:
    """Whatever is quoted, no line begins a list, a heading or a block."""
    shown = with_code(text)
    assert "\n" not in shown
    assert not re.match(r"[-+=#>|]|\d+[.)] ", shown)


@given(st.text(min_size=1).filter(str.strip))
def test_code_is_longer_fenced_than_what_is_in_it(text: str) -> None:
    """Backticks inside do not end it."""
    shown = code(text)
    fence = re.match("`+", shown)
    assert fence
    assert fence[0] not in shown[len(fence[0]) : -len(fence[0])]


def test_numbered_lists_have_bullets_below() -> None:
    """Bullets are set in far enough for numbers with two digits."""
    assert numbered([("a", ["x", "y"]), ("b", [])]) == "1. a\n    - x\n    - y\n2. b"


def test_documents_leave_empty_parts_out() -> None:
    """Paragraphs are apart by one empty line, and the document ends with a line break."""
    assert document(["a", "", "b"]) == "a\n\nb\n"


def test_bullets_are_lines() -> None:
    """One line each."""
    assert bullets(["a", "b"]) == "- a\n- b"
