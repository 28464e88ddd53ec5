"""One person counts once in all gates of a release, and nobody is taken from where they are needed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.gates import Answer, Subject, judge, spoken_for, too_few
from sendoff.spec.models import Approval, Quorum

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SUBJECT = Subject(artifact="a", configuration="c", plan="p", intent="i", window="w")
NAMES = ("alice", "bob", "carol", "dora", "eve")


def gate(name: str, *approvers: str, count: int = 1, groups: tuple[str, ...] = ()) -> Approval:
    by_group = tuple(Quorum(group=group) for group in groups)
    return Approval(kind="approval", name=name, approvers=approvers, count=count, approvals=by_group)


def barred(
    asked: Approval, *others: Approval, counted: dict[str, tuple[str, ...]] | None = None
) -> dict[str, str]:
    found = spoken_for(asked, (asked, *others), "dora", counted or {})
    return {each.name: each.why for each in found}


def test_whoever_counts_elsewhere() -> None:
    """They do not count here; who counts here is no stranger."""
    counted = {"one": ("alice",), "two": ("bob",)}
    assert barred(gate("two", count=2), gate("one"), counted=counted) == {
        "alice": "has approved at 'one' already"
    }


def test_whoever_is_needed_elsewhere() -> None:
    """Only where nobody else could: two who may do for one gate, and one counts there by now."""
    here, other = gate("here", "alice", "bob"), gate("other", "Alice")
    assert barred(here, other) == {"Alice": "is needed at 'other'"}
    assert barred(gate("here"), other) == {"Alice": "is needed at 'other'"}
    assert barred(here, gate("other", "alice", "bob", "carol")) == {}
    assert barred(here, gate("other", "alice", "carol"), counted={"other": ("carol",)}) == {
        "carol": "has approved at 'other' already"
    }


def test_nobody_is_kept_where_it_cannot_be_opened_anyhow() -> None:
    """Whoever asked for the release is the only one left there."""
    assert barred(gate("here", "alice"), gate("other", "dora")) == {}


@pytest.mark.parametrize(
    ("gates", "few"),
    [
        ((gate("a", "alice"), gate("b", "bob")), ()),
        ((gate("a", "alice"), gate("b", "Alice"), gate("c", "bob")), ("a", "b")),
        ((gate("a", "alice", "dora"), gate("b", "alice")), ("a", "b")),
        ((gate("a", "alice"), gate("b"), gate("c", groups=("ops",))), ()),
        ((gate("a", "alice", count=2), gate("b", "bob")), ("a",)),
    ],
    ids=["enough", "one for two", "the requester", "open gates", "alone"],
)
def test_too_few(gates: tuple[Approval, ...], few: tuple[str, ...]) -> None:
    """Those are named that stand in each other's way, and no others."""
    assert tuple(each.name for each in too_few(gates, "dora")) == few


GATES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(NAMES), max_size=4, unique=True),
        st.integers(1, 2),
        st.sets(st.sampled_from(("product", "ops")), max_size=2),
    ),
    min_size=1,
    max_size=3,
)
SAID = st.lists(
    st.tuples(st.sampled_from([*NAMES, " Alice", "BOB"]), st.sets(st.sampled_from(("product", "ops")))),
    max_size=12,
)


def made(parts: list[tuple[list[str], int, set[str]]]) -> list[Approval]:
    return [
        gate(str(number), groups=tuple(sorted(groups))) if groups else gate(str(number), *who, count=count)
        for number, (who, count, groups) in enumerate(parts)
    ]


def passed(gates: list[Approval], said: list[tuple[str, set[str]]]) -> dict[str, tuple[str, ...]]:
    """Ask at the first gate that waits, for as long as anybody answers; gives who counts where."""
    answers: dict[str, list[Answer]] = {each.name: [] for each in gates}

    def counted() -> dict[str, tuple[str, ...]]:
        return {each.name: judge(each, "dora", SUBJECT, answers[each.name], NOW).counted for each in gates}

    for who, groups in said:
        known = counted()
        verdicts = {
            each.name: judge(
                each, "dora", SUBJECT, answers[each.name], NOW, spoken_for(each, gates, "dora", known)
            )
            for each in gates
        }
        asked = next((each for each in gates if verdicts[each.name].state == "waiting"), None)
        if asked is None:
            break
        given_now = Answer(
            approver=who, groups=tuple(sorted(groups)), decision="approve", at=NOW, subject=SUBJECT
        )
        more = [*answers[asked.name], given_now]
        away = spoken_for(asked, gates, "dora", known)
        verdict = judge(asked, "dora", SUBJECT, more, NOW, away)
        more[-1] = given_now.model_copy(update={"fell": "" if verdict.last_counted else verdict.said})
        answers[asked.name] = more
    return counted()


@given(parts=GATES, said=SAID)
def test_nobody_counts_at_two_gates(
    parts: list[tuple[list[str], int, set[str]]], said: list[tuple[str, set[str]]]
) -> None:
    """Whatever the gates ask for, and whoever answers in which order."""
    found = passed(made(parts), said)
    everywhere = Counter(name.strip().casefold() for names in found.values() for name in names)
    assert all(number == 1 for number in everywhere.values())


@given(parts=GATES, order=st.permutations(NAMES))
def test_whoever_comes_first_leaves_enough_for_the_rest(
    parts: list[tuple[list[str], int, set[str]]], order: list[str]
) -> None:
    """Gates that name people are all opened when that can be, and everybody answers whenever asked."""
    gates = [each for each in made(parts) if each.approvers]
    found = passed(gates, [(name, set()) for name in order] * sum(each.count for each in gates))
    seats = [each for each in gates for _ in range(each.count)]
    able = ("alice", "bob", "carol", "eve")
    can = len(seats) <= len(able) and any(
        all(who in seat.approvers for who, seat in zip(row, seats, strict=True))
        for row in permutations(able, len(seats))
    )
    assert (too_few(gates, "dora") == ()) == can
    if can:
        assert all(len(found[each.name]) == each.count for each in gates)
