"""Which gates hold in an emergency."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sendoff.emergency import GATE, gates_that_hold, objections, with_gates_that_hold
from sendoff.gates import possible, unreachable
from sendoff.spec.intent import Emergency
from sendoff.spec.models import Approval, BreakGlass, Environment, FolderSource, ReleaseFile, SshFleet

NAMES = ("product", "qa", "ops")


ANYBODY_ELSE = BreakGlass()


def place(glass: BreakGlass | None = ANYBODY_ELSE, names: Collection[str] = NAMES) -> Environment:
    fleet = SshFleet(name="web", hosts=("a",), user="deploy", root="/srv/shop")
    gates = tuple(Approval(kind="approval", name=name) for name in names)
    return Environment(name="live", targets=(fleet,), gates=gates, emergency=glass)


def skipping(*names: str) -> Emergency:
    return Emergency(skip=names, reason="the shop is down")


@given(skipped=st.sets(st.sampled_from(NAMES), min_size=1))
def test_only_what_is_named_is_skipped(skipped: set[str]) -> None:
    """All other gates hold, in their order, after the one of the second person."""
    gates = gates_that_hold(place(), skipping(*sorted(skipped)))
    assert [gate.name for gate in gates] == [GATE, *(name for name in NAMES if name not in skipped)]


def test_without_an_emergency_all_gates_hold() -> None:
    """As they stand in the file."""
    assert gates_that_hold(place(), None) == place().gates


def test_where_none_is_allowed_all_gates_hold() -> None:
    """Even if it were not refused."""
    assert gates_that_hold(place(glass=None), skipping("qa")) == place().gates


@given(
    requester=st.text(min_size=1).filter(str.strip),
    write=st.sampled_from((str.upper, str.lower, str.title, str.casefold)),
)
@example(requester="Straße", write=str.upper)
def test_the_second_person_is_never_the_first(requester: str, write: Callable[[str], str]) -> None:
    """Whoever asks, under whichever writing of their name, is not among those who may agree."""
    written = write(requester)
    assume(written.casefold() == requester.casefold())  # a dotless i in capitals is the other i's name
    (gate, *_) = gates_that_hold(
        place(BreakGlass(approvers=(requester, "somebody else's name"))), skipping("qa")
    )
    assert not gate.requester_may_approve
    assert gate.count == 1
    assert requester.strip() not in possible(gate, f" {written} ")


def test_a_group_may_stand_in() -> None:
    """One person of it has to agree."""
    (gate, *_) = gates_that_hold(place(BreakGlass(group="on-call")), skipping("qa"))
    assert [(each.group, each.count) for each in gate.approvals] == [("on-call", 1)]


def test_nobody_else_is_there() -> None:
    """A file that names only the one who asks lets nobody agree."""
    (gate, *_) = gates_that_hold(place(BreakGlass(approvers=("ada",))), skipping("qa"))
    assert unreachable(gate, "ada")


@pytest.mark.parametrize(
    ("environment", "emergency", "is_gated", "said"),
    [
        (place(), skipping("qa"), True, None),
        (place(None), None, True, None),
        (place(None), skipping("qa"), True, "live does not allow that gates are skipped"),
        (
            place(),
            skipping("qa", "owner", "cto"),
            True,
            "live has no gate 'owner' and 'cto', expected some of product",
        ),
        (place(), skipping("qa"), False, "there is no gate to skip here"),
    ],
)
def test_what_is_refused(
    environment: Environment, emergency: Emergency | None, is_gated: bool, said: str | None
) -> None:
    """Denied unless allowed; what is named has to exist."""
    reasons = list(objections(environment, emergency, is_gated))
    assert reasons == [] if said is None else said in reasons[0]


def test_a_plan_is_made_with_the_gates_that_hold() -> None:
    """Of its own environment; others keep theirs."""
    file = ReleaseFile.model_validate(
        {
            "application": "shop",
            "owner": "shop",
            "hosts": {"a": {"address": "a.example"}},
            "build": {"source": FolderSource(folder="."), "command": ["true"], "output": "out"},
            "environments": [place(), place().model_copy(update={"name": "other"})],
        }
    )
    changed = with_gates_that_hold(file, "live", skipping(*NAMES))
    assert changed.environment("live").gate_names == (GATE,)
    assert changed.environment("other").gate_names == NAMES
    assert with_gates_that_hold(file, "live", None) is file
