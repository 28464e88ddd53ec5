"""Names as people write them."""

from __future__ import annotations

import pytest

from sendoff.gates.people import is_among, same_person


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Ada", " ada ", True), ("Ada  L", "ada l", True), ("ada", "adam", False), ("", " ", True)],
)
def test_the_same_person(one: str, other: str, same: bool) -> None:
    """Case and space make no other person."""
    assert same_person(one, other) is same
    assert is_among(one, ["bo", other]) is same
