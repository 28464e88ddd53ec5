"""Which state of Prefect shows which end."""

from __future__ import annotations

from typing import get_args

import pytest

from sendoff.ledger.models import End
from tasks.ends import state_of


@pytest.mark.parametrize(
    ("end", "kind", "name"),
    [
        ("live", "COMPLETED", "Live"),
        ("done", "COMPLETED", "Done"),
        ("nothing-to-do", "COMPLETED", "Nothing to do"),
        ("rejected", "CANCELLED", "Rejected"),
        ("expired", "CANCELLED", "Expired"),
        ("cancelled", "CANCELLED", "Cancelled"),
        ("refused", "FAILED", "Refused"),
        ("failed", "FAILED", "Failed"),
        ("undone", "FAILED", "Undone"),
        ("errored", "FAILED", "Errored"),
    ],
)
def test_state_of_an_end(end: End, kind: str, name: str) -> None:
    """Good ends are completed, what people stopped looks like no failure, all others are failures by name."""
    state = state_of(end, "told")
    assert (state.type, state.name, state.message) == (kind, name, "told")


def test_every_end_has_a_state_of_its_name() -> None:
    """No end is shown under another one's name."""
    assert len({state_of(end, "").name for end in get_args(End)}) == len(get_args(End))
