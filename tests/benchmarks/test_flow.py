"""How long a flow run took, as the API tells it."""

from __future__ import annotations

from benchmarks.flow import times

RUN = {
    "created": "2026-01-01T10:00:00Z",
    "start_time": "2026-01-01T10:00:04Z",
    "end_time": "2026-01-01T10:00:09.500000Z",
    "state": {"name": "Live", "message": "good"},
}


def test_from_start_to_end_and_from_order_to_end() -> None:
    """The time to find a worker and start a process is told apart."""
    got = times(RUN, cpu=3.0)
    assert (got.seconds, got.whole, got.cpu, got.wrong) == (5.5, 9.5, 3.0, None)


def test_another_end_is_wrong() -> None:
    """A release that was undone is not a fast release."""
    assert times({**RUN, "state": {"name": "Undone", "message": "bad"}}, cpu=0.0).wrong == "Undone: bad"


def test_a_run_that_never_started_has_no_time() -> None:
    """It is told as what it is."""
    got = times({**RUN, "start_time": None}, cpu=0.0)
    assert (got.seconds, got.wrong) == (0.0, "it never started")
