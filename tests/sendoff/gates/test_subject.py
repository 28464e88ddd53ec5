"""What people agree to is told apart by each of its parts."""

from __future__ import annotations

import pytest

from sendoff.gates.subject import PARTS, Subject, changed

ONE = Subject(artifact="a", configuration="c", plan="p", intent="i", window="w")


@pytest.mark.parametrize("part", Subject.model_fields)
def test_each_part_is_named_alone(part: str) -> None:
    """The ledger says which part changed, and no other; the code is another one."""
    other = ONE.model_copy(update={part: "x"})
    assert changed(ONE, other) == changed(other, ONE) == (PARTS[part],)
    assert ONE.code != other.code


def test_the_same_is_the_same() -> None:
    """Nothing has changed, and the code is one that people can read out."""
    assert changed(ONE, ONE.model_copy()) == ()
    assert ONE.code == ONE.model_copy().code
    assert len(ONE.code) == 8
