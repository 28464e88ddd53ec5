"""What follows from the facts of hosts."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.errors import PolicyRefused, SendoffError, StepErrored
from sendoff.targets.protocol import HostFacts
from tasks.facts import _unready, lacking, states


def facts(host: str, live: str | None = None, *releases: str) -> HostFacts:
    return HostFacts(
        host=host,
        live=live,
        releases=releases,
        free_bytes=1,
        clock_skew=0,
        writable=True,
        missing_tools=(),
    )


def test_lacking_names_the_hosts_without_it() -> None:
    """Only hosts on which the release does not lie are named."""
    seen = {("web", "a"): facts("a", None, "1-x", "2-x"), ("web", "b"): facts("b", "1-x", "1-x")}
    assert lacking(seen, "2-x") == [("web", "b")]
    assert lacking(seen, "1-x") == []


def test_states_keep_what_is_live() -> None:
    """A plan rests on what is live where, and on nothing else of the facts."""
    (state,) = states({("web", "a"): facts("a", "1-x", "1-x")}, {})
    assert (state.target, state.host, state.live) == ("web", "a", "1-x")


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([], PolicyRefused),
        ([PolicyRefused("another key")], PolicyRefused),
        ([PolicyRefused("another key"), StepErrored("away")], StepErrored),
    ],
    ids=["not-ready", "refused", "unreachable"],
)
def test_unready_is_a_refusal_unless_machinery_broke(
    errors: list[SendoffError], kind: type[SendoffError]
) -> None:
    """A host that is not ready is refused; one that cannot be asked is broken machinery."""
    run: Any = type("Run", (), {"place": "production of shop"})
    error = _unready(run, ["a: its clock is wrong", "b: is full"], errors)
    assert type(error) is kind
    assert str(error).splitlines() == [
        "production of shop: not ready, nothing was changed; put right what is listed and start again:",
        "- a: its clock is wrong",
        "- b: is full",
    ]
