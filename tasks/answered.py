"""Find the answer that a process was given and died with, before it could write it down."""

from __future__ import annotations

from typing import Any

from prefect.input import RunInput
from prefect.input.actions import delete_flow_run_input, read_flow_run_input
from prefect.input.run_input import keyset_from_base_key


def answered_before(model: type[RunInput], key: str) -> RunInput | None:
    """Give the answer that Prefect has taken under a key already; None when the form has to be shown.

    Prefect takes one answer under a key and no second, and suspends no run twice with the same form: what a
    process that died has left of the form is removed.
    """
    kept = keyset_from_base_key(f"suspended-{key}")
    given: Any = read_flow_run_input(kept["response"])
    if given is not None:
        return model(**given)
    for name in (kept["schema"], kept["description"]):
        if read_flow_run_input(name) is not None:
            delete_flow_run_input(name)
    return None
