"""Masking of secrets."""

import base64
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.masking import Masker

SECRETS = st.lists(st.text("abc+/ü\"'", min_size=1, max_size=8), max_size=5)


def test_longest_first() -> None:
    """A secret that begins with another one is hidden whole."""
    assert Masker(["abc", "abcdef"])("x abcdef y abc") == "x *** y ***"


def test_overlapping() -> None:
    """Hiding one secret does not uncover the end of another."""
    assert Masker(["abcd", "cdef"])("xabcdefx") == "x***x"


def test_empty_values() -> None:
    """Empty values mask nothing."""
    assert Masker(["", ""])("text") == "text"
    assert Masker([])("text") == "text"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("lead", ["", "a:", "us:", "use:"])
def test_base64(encode: "type[bytes]", lead: str) -> None:
    """A secret in base64 is hidden, alone and inside something longer, up to the odd bits at its ends."""
    text = encode(f"{lead}hunter2-hünter?".encode()).decode()  # type: ignore[call-arg]
    shown = Masker(["hunter2-hünter?"])(text)
    assert "***" in shown
    assert len(shown.replace("***", "").rstrip("=")) <= len(lead) * 4 // 3 + 3


def test_wrapped_base64() -> None:
    """A long secret is hidden in each line of wrapped base64."""
    secret = "".join(chr(33 + n % 90) for n in range(200))
    lines = base64.encodebytes(secret.encode()).decode().splitlines()
    assert [Masker([secret])(line) for line in lines] == ["***"] * len(lines)


@pytest.mark.parametrize(
    "quoted", [quote("p/w &ü"), quote("p/w &ü", safe=""), quote_plus("p/w &ü"), r"p/w &\u00fc"]
)
def test_quoted(quoted: str) -> None:
    """A secret quoted for an address or for JSON is hidden."""
    assert Masker(["p/w &ü"])(f"x={quoted}.") == "x=***."


def test_lines_of_a_secret() -> None:
    """A secret of several lines is hidden line by line; lines too short to be told apart are left."""
    mask = Masker(["BEGIN KEY\nabcdefgh\n}\nEND KEY"])
    assert [mask(line) for line in ("BEGIN KEY", "abcdefgh", "}", "x END KEY y")] == [
        "***",
        "***",
        "}",
        "x *** y",
    ]


@given(SECRETS, st.text("abc+/ü\"'", max_size=40))
def test_never_shown(secrets: list[str], text: str) -> None:
    """No secret is left in a masked text, and masking twice is masking once."""
    shown = Masker(secrets)(text)
    assert not any(secret in shown for secret in secrets)
    assert Masker(secrets)(shown) == shown
