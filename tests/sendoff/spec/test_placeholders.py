"""Placeholders: filled once, named all, and nothing but names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.spec.placeholders import BadPlaceholder, fill, names

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


@given(st.text())
def test_doubled(text):
    """Any text comes back as it was when its braces are doubled."""
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert fill(doubled, {}) == text
    assert names(doubled) == set()


@given(st.lists(NAMES, max_size=5), st.text(alphabet=st.characters(exclude_characters="{}")))
def test_named(found, between):
    """Each name is found, and filled with its value."""
    text = between.join(f"{{{name}}}" for name in found)
    assert names(text) == set(found)
    assert fill(text, {name: name.upper() for name in found}) == between.join(name.upper() for name in found)


@given(st.text(alphabet="{}ab.!:[]", max_size=12))
def test_agree(text):
    """What can be named can be filled; what cannot is refused by both."""
    try:
        values = dict.fromkeys(names(text), 1)
    except BadPlaceholder:
        with pytest.raises(BadPlaceholder):
            fill(text, {"a": 1, "b": 1, "ab": 1})
    else:
        assert isinstance(fill(text, values), str)


@pytest.mark.parametrize(
    "text",
    [
        "{host.__class__}",
        "{host[0]}",
        "{host!r}",
        "{host:>9}",
        "{}",
        "{0}",
        "{",
        "}",
        "{{}",
        "{ host }",
        "{a\n}",
    ],
)
def test_refused(text):
    """Whatever is not a plain name is refused: no attributes, no indexes, no formats."""
    with pytest.raises(BadPlaceholder, match="is no placeholder"):
        fill(text, {"host": "web-1", "a": 1})


def test_values_are_not_filled():
    """Braces in a value stay as they are."""
    assert fill("{a}-{b}", {"a": "{b}", "b": 2}) == "{b}-2"


def test_no_value():
    """A name without a value says which there are."""
    with pytest.raises(BadPlaceholder, match=r"^'\{c\}' has no value, expected one of: a, b$"):
        fill("{c}", {"b": 1, "a": 2})
