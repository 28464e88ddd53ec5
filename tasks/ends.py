"""Which state of Prefect says how a run ended."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from sendoff.ledger.models import GOOD_ENDS, End


def state_of(end: End, said: str) -> State[Any]:
    """Give the state that shows an end under its own name; what people stopped looks like no failure."""
    name = end.replace("-", " ").capitalize()
    if end in GOOD_ENDS:
        return Completed(name=name, message=said)
    if end in ("rejected", "expired", "cancelled"):
        return Cancelled(name=name, message=said)
    return Failed(name=name, message=said)
