"""What is decided about a host without one."""

from __future__ import annotations

import pytest

from sendoff.targets.protocol import HostFacts
from sendoff.targets.reckoning import skew, surplus


@pytest.mark.parametrize(
    ("keep", "live", "spare", "gone"),
    [
        (5, "d", "", ""),
        (2, "e", "", "abc"),
        (2, "a", "", "bcd"),
        (2, "a", "bc", "de"),
        (2, "a", "bcde", ""),
        (4, None, "", "a"),
        (3, "e", "a", "bc"),
    ],
)
def test_which_releases_are_too_many(keep: int, live: str | None, spare: str, gone: str) -> None:
    """The oldest go until `keep` are left, never the live one nor those to spare."""
    facts = HostFacts(
        host="web-1",
        live=live,
        releases=tuple("abcde"),
        free_bytes=0,
        clock_skew=0,
        writable=True,
        missing_tools=(),
    )
    assert surplus(facts, keep, frozenset(spare)) == tuple(gone)


@pytest.mark.parametrize(
    ("theirs", "asked", "heard", "ahead"),
    [
        (100, 100.2, 100.3, 0),
        (100, 99.9, 100.1, 0),
        (100, 100.9, 101.1, 0),
        (100, 80.0, 101.0, 0),
        (100, 100.0, 130.0, 0),
        (107, 100.0, 100.5, 6.5),
        (107, 100.0, 106.0, 1),
        (90, 100.0, 100.5, -9),
        (90, 100.0, 130.0, -9),
    ],
)
def test_how_far_a_clock_is_ahead(theirs: int, asked: float, heard: float, ahead: float) -> None:
    """Only what is sure counts: a slow answer or the part of a second that is cut makes no clock wrong."""
    assert skew(theirs, asked, heard) == pytest.approx(ahead)
