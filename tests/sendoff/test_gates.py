"""Approvals count as a careful person would count them, and every refusal says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.gates import Answer, judge, possible, unreachable
from sendoff.spec.models import Approval

AT = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
PLAN = "aa" * 32
NAMES = ("alice", "bob", "carol", "dora")


def gate(*approvers: str, count: int = 1, own: bool = False) -> Approval:
    return Approval(
        kind="approval", name="go-live", approvers=approvers, count=count, requester_may_approve=own
    )


def answer(
    who: str, decision: Literal["approve", "reject"] = "approve", comment: str = "", plan: str = PLAN
) -> Answer:
    return Answer(approver=who, decision=decision, comment=comment, at=AT, plan_digest=plan)


def test_without_answers_it_waits_for_all() -> None:
    """Nobody has said anything: all are missing, and there is no last answer."""
    verdict = judge(gate("alice", "bob", count=2), "dora", PLAN, [])
    assert (verdict.state, verdict.missing, verdict.may_still) == ("waiting", 2, ("alice", "bob"))
    assert (verdict.last_counted, verdict.said) == (None, "")
    assert verdict.who_may == "alice or bob"


def test_one_of_two_leaves_one_missing() -> None:
    """A first approval counts, and the other approver is named."""
    verdict = judge(gate("alice", "bob", count=2), "dora", PLAN, [answer("alice")])
    assert (verdict.state, verdict.missing, verdict.counted) == ("waiting", 1, ("alice",))
    assert (verdict.may_still, verdict.said) == (
        ("bob",),
        "'alice' approved 'go-live'; 1 more approval needed",
    )


def test_enough_approvals_open_the_gate() -> None:
    """The quorum is reached."""
    verdict = judge(gate("alice", "bob", count=2), "dora", PLAN, [answer("alice"), answer("bob")])
    assert (verdict.state, verdict.missing, verdict.counted) == ("approved", 0, ("alice", "bob"))


@pytest.mark.parametrize("typed", ["alice", " Alice ", "ALICE", "alice\n"])
def test_names_are_compared_as_people_do(typed: str) -> None:
    """Case and surrounding space do not make another person."""
    assert judge(gate("alice"), "dora", PLAN, [answer(typed)]).counted == ("alice",)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([answer("dora")], "'dora' may not approve 'go-live': expected one of alice, bob; ask one of them"),
        (
            [answer("alice"), answer("Alice")],
            "'Alice' has approved already: one person counts once; ask one of the other approvers",
        ),
        ([answer("bob", "reject")], "a rejection needs a reason: write in the comment why"),
        ([answer("bob", "reject", " \n")], "a rejection needs a reason: write in the comment why"),
        (
            [answer("eve", "reject", "no")],
            "'eve' may not reject 'go-live': expected one of alice, bob; ask one of them",
        ),
        ([answer("  ")], "nobody is named, expected who answers; write your name"),
        (
            [answer("bob", plan="bb" * 32)],
            "'bob' answered for the plan 'bbbbbbbb', which has changed since, expected 'aaaaaaaa'; "
            "read the plan again and answer for that",
        ),
    ],
)
def test_an_answer_that_does_not_count_says_why(answers: list[Answer], said: str) -> None:
    """Nothing changes, and the person learns what to do."""
    verdict = judge(gate("alice", "bob", count=2), "requester", PLAN, answers)
    assert (verdict.state, verdict.last_counted, verdict.said) == ("waiting", False, said)


def test_the_requester_may_not_approve() -> None:
    """Four eyes: who asks for it does not agree to it."""
    verdict = judge(gate("alice", "bob"), " Alice", PLAN, [answer("alice")])
    assert (verdict.state, verdict.last_counted, verdict.may_still) == ("waiting", False, ("bob",))
    assert "the requester may not approve what they asked for" in verdict.said


def test_the_requester_may_approve_where_the_gate_says_so() -> None:
    """A small team can allow it."""
    assert judge(gate("alice", own=True), "alice", PLAN, [answer("alice")]).state == "approved"


def test_the_requester_may_withdraw() -> None:
    """Who asked for it can always stop it, with a reason."""
    verdict = judge(gate("alice"), "dora", PLAN, [answer("dora", "reject", "found a bug")])
    assert (verdict.state, verdict.rejected_by) == ("rejected", "dora")


def test_a_rejection_wins_over_approvals() -> None:
    """Whatever comes before or after it."""
    answers = [answer("alice"), answer("bob", "reject", "not today"), answer("carol")]
    verdict = judge(gate("alice", "bob", "carol"), "dora", PLAN, answers)
    assert (verdict.state, verdict.rejected_by) == ("rejected", "bob")


def test_a_gate_for_anybody_excludes_only_the_requester() -> None:
    """Nobody named means anybody, each once."""
    verdict = judge(gate(count=2), "dora", PLAN, [answer("eve"), answer("eve"), answer("dora")])
    assert (verdict.state, verdict.counted, verdict.missing) == ("waiting", ("eve",), 1)
    assert verdict.who_may == "anybody but eve and dora"
    assert verdict.may_still == ()


def test_a_gate_that_can_never_open_is_found_beforehand() -> None:
    """The flow refuses before anything is done."""
    said = unreachable(gate("alice", "bob", count=2), "Bob")
    assert said == (
        "gate 'go-live': 2 approvals are asked for but only alice may give one "
        "as 'Bob' asked for the release, expected at least 2; "
        "name more approvers, or have somebody else ask for the release"
    )


@pytest.mark.parametrize(
    "able", [gate("alice", "bob", count=2), gate(count=20), gate("dora", own=True), gate("dora", "bob")]
)
def test_a_gate_that_can_open_is_not_complained_of(able: Approval) -> None:
    """Enough people are left, or anybody may."""
    assert unreachable(able, "dora") is None


def test_one_person_listed_twice_is_one() -> None:
    """Spelling a name twice does not make a quorum."""
    twice = gate("alice", "Alice ", count=2)
    assert possible(twice, "dora") == ("alice",)
    assert unreachable(twice, "dora") is not None


ANSWERS = st.lists(
    st.builds(
        answer,
        st.sampled_from([*NAMES, "Alice", " bob ", "eve", ""]),
        st.sampled_from(["approve", "approve", "reject"]),
        st.sampled_from(["", "why"]),
        st.sampled_from([PLAN, PLAN, "bb" * 32]),
    ),
    max_size=8,
)


def naive(gate: Approval, requester: str, answers: list[Answer]) -> tuple[str, set[str]]:
    """Count with sets, as one would on paper."""
    valid = [(given.approver.strip().lower(), given) for given in answers if given.plan_digest == PLAN]
    listed = {name for name, _ in valid if name} if not gate.approvers else set(gate.approvers)
    if any(g.decision == "reject" and g.comment and n and n in listed | {requester} for n, g in valid):
        return "rejected", set()
    barred = set() if gate.requester_may_approve else {requester}
    agreed = ({name for name, given in valid if given.decision == "approve"} & listed) - barred
    return ("approved" if len(agreed) >= gate.count else "waiting"), agreed


@given(
    approvers=st.lists(st.sampled_from(NAMES), unique=True),
    rules=st.fixed_dictionaries({"count": st.integers(1, 3), "own": st.booleans()}),
    requester=st.sampled_from(NAMES),
    answers=ANSWERS,
)
def test_it_agrees_with_counting_on_paper(
    approvers: list[str], rules: dict[str, Any], requester: str, answers: list[Answer]
) -> None:
    """For every mix of answers, state and count are those of the naive way."""
    asked = gate(*approvers, **rules)
    state, agreed = naive(asked, requester, answers)
    verdict = judge(asked, requester, PLAN, answers)
    assert verdict.state == state
    if state != "rejected":
        assert {name.casefold() for name in verdict.counted} == agreed
        assert verdict.missing == max(asked.count - len(agreed), 0)
    assert bool(verdict.said) == bool(answers)


@given(approvers=st.lists(st.sampled_from(NAMES), min_size=1), count=st.integers(1, 4), own=st.booleans())
def test_unreachable_is_true_to_its_word(approvers: list[str], count: int, own: bool) -> None:
    """When everybody approves, the gate opens exactly if it was not called unreachable."""
    asked = gate(*approvers, count=count, own=own)
    verdict = judge(asked, "alice", PLAN, [answer(name) for name in NAMES])
    assert (verdict.state == "approved") == (unreachable(asked, "alice") is None)
