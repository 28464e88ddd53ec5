"""How an attempt ends: which error is which end, and which Prefect state that is."""

from __future__ import annotations

from typing import get_args

import pytest

from flows.attempt import ENDS, _state
from sendoff import errors
from sendoff.errors import SendoffError
from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import End
from sendoff.targets.ssh.faults import HostKeyRefused


@pytest.mark.parametrize(
    ("end", "kind", "name"),
    [
        ("live", "COMPLETED", "Live"),
        ("done", "COMPLETED", "Done"),
        ("nothing-to-do", "COMPLETED", "Nothing to do"),
        ("rejected", "CANCELLED", "Rejected"),
        ("refused", "FAILED", "Refused"),
        ("failed", "FAILED", "Failed"),
        ("undone", "FAILED", "Undone"),
        ("errored", "FAILED", "Errored"),
    ],
)
def test_state_of_an_end(end: End, kind: str, name: str) -> None:
    """Good ends are completed, a rejection looks like no failure, all others are failures by name."""
    state = _state(end, "told")
    assert (state.type, state.name, state.message) == (kind, name, "told")


def test_every_end_has_a_state_of_its_name() -> None:
    """No end is shown under another one's name."""
    assert len({_state(end, "").name for end in get_args(End)}) == len(get_args(End))


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (errors.Undone, "undone"),
        (errors.BuildFailed, "failed"),
        (errors.CheckFailed, "failed"),
        (errors.PolicyRefused, "refused"),
        (errors.BadInput, "refused"),
        (HostKeyRefused, "refused"),
        (LeaseHeld, "refused"),
        (errors.StepErrored, "errored"),
        (errors.HostUnreachable, "errored"),
        (errors.CommandFailed, "errored"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_end_of_an_error(kind: type[SendoffError], end: End) -> None:
    """A verdict, a refusal and broken machinery are different ends; the nearest kind counts."""
    assert next(found for base, found in ENDS if issubclass(kind, base)) == end
