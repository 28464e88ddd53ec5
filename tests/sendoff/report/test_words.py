"""Numbers, times and lists read as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.report.words import capital, count, duration, listing, moment, refused, sentence, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.001, "0.1 s"),
        (0.44, "0.4 s"),
        (4.0, "4 s"),
        (9.96, "10 s"),
        (40, "40 s"),
        (59.7, "1 min"),
        (72, "1 min 12 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (3 * 86400 + 4 * 3600, "3 d 4 h"),
        (-3, "0 s"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, words: str) -> None:
    """Seconds below a minute, then minutes, hours, days."""
    assert duration(seconds) == words


@given(st.floats(0, 1e8))
def test_a_duration_is_never_far_off(seconds: float) -> None:
    """What is read back differs by less than the smaller unit shown."""
    units = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    parts = duration(seconds).split()
    read = sum(float(number) * units[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert abs(read - seconds) <= max(3600 if seconds > 86000 else 60 if seconds > 3500 else 0.51, 0)


@pytest.mark.parametrize(("number", "words"), [(0, "0 hosts"), (1, "1 host"), (3, "3 hosts")])
def test_counts_have_the_right_plural(number: int, words: str) -> None:
    """One is one; none is many."""
    assert count(number, "host") == words


def test_a_plural_of_its_own_can_be_given() -> None:
    """Not every plural ends in s."""
    assert count(2, "person", "people") == "2 people"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30))])
def test_moments_are_told_in_utc(zone: timezone) -> None:
    """Wherever a time was taken, everybody reads the same."""
    at = datetime(2026, 11, 23, 18, 5, 59, tzinfo=UTC).astimezone(zone)
    assert moment(at) == "2026-11-23 18:05 UTC"


def test_a_moment_without_a_zone_is_utc() -> None:
    """SQLite gives times without one."""
    assert moment(datetime(2026, 11, 23, 18, 5)) == "2026-11-23 18:05 UTC"


@pytest.mark.parametrize(
    ("items", "words"), [([], "none"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_in_a_sentence(items: list[str], words: str) -> None:
    """Commas, then a word."""
    assert listing(items) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 byte"),
        (512, "512 bytes"),
        (61_440, "61.4 kB"),
        (999_999, "1.0 MB"),
        (60_000_000, "60.0 MB"),
        (2 * 10**15, "2000.0 TB"),
    ],
)
def test_sizes_are_in_the_unit_that_fits(number: int, words: str) -> None:
    """Thousands, as disks are sold."""
    assert size(number) == words


@pytest.mark.parametrize(
    ("text", "words"), [("a  b\n", "a b."), ("really?", "really?"), ("", ""), ("a.", "a.")]
)
def test_sentences_end_once(text: str, words: str) -> None:
    """A full stop where there is none, on one line."""
    assert sentence(text) == words


def test_capital_leaves_the_rest() -> None:
    """Names inside keep their case."""
    assert (capital("put X on"), capital("")) == ("Put X on", "")


def test_whose_answer_did_not_count() -> None:
    """Whoever reads it next is not told that it was theirs."""
    assert refused(" sam ", "no reason was given") == (
        "The last answer, of sam, did not count: no reason was given."
    )
    assert refused("", "it is forged.") == "The last answer did not count: it is forged."
