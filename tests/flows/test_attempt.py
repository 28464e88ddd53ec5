"""How an attempt ends: which error is which end."""

from __future__ import annotations

import pytest

from flows.attempt import ENDS
from sendoff import errors
from sendoff.errors import SendoffError
from sendoff.ledger.errors import LeaseHeld
from sendoff.ledger.models import End
from sendoff.targets.ssh.faults import HostKeyRefused


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
