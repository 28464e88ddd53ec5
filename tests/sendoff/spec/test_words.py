"""Words of release files: durations and paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sendoff.spec.words import UNITS, Duration, InnerPath

DURATION, PATH = TypeAdapter(Duration), TypeAdapter(InnerPath)


@given(st.integers(1, 30), st.sampled_from(sorted(UNITS)))
def test_units(number, unit):
    """A duration is a number of a unit, in seconds."""
    assert DURATION.validate_python(f"{number}{unit}") == number * UNITS[unit]


@pytest.mark.parametrize(
    "value",
    ["", "5", "m", "5 m", " 5m", "5m\n", "-5m", "5M", "1h30m", "\u0665m", "0s", "31d", True, None, []],
)
def test_no_duration(value):
    """Anything else is refused, as is none and more than 30 days."""
    with pytest.raises(ValidationError):
        DURATION.validate_python(value)


@pytest.mark.parametrize(
    "path", ["", "/", "/a", "a/", "a//b", ".", "..", "a/..", "./a", "a/./b", "a\nb", "a\0", "a\n"]
)
def test_no_path(path):
    """A path stays inside its folder and has no control characters."""
    with pytest.raises(ValidationError):
        PATH.validate_python(path)


@pytest.mark.parametrize("path", ["a", "a/b", ".a", "a b", "..a/b..", "ä"])
def test_path(path):
    """Names may be of any other characters."""
    assert PATH.validate_python(path) == path
