"""Approvals count as a careful person would count them, and every refusal says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sendoff.gates import Answer, Subject, Verdict, judge, possible, unreachable
from sendoff.gates.answer import Decision
from sendoff.spec.models import Approval, Quorum

AT = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
NOW = AT + timedelta(hours=1)
PLAN = "aa" * 32
SUBJECT = Subject(artifact="a", configuration="c", plan=PLAN, intent="i", window="w")
OTHER = SUBJECT.model_copy(update={"plan": "bb" * 32})
NAMES = ("alice", "bob", "carol", "dora")


def gate(*approvers: str, count: int = 1, own: bool = False) -> Approval:
    return Approval(
        kind="approval", name="go-live", approvers=approvers, count=count, requester_may_approve=own
    )


def answer(
    who: str,
    decision: Decision = "approve",
    comment: str = "",
    subject: Subject | None = SUBJECT,
    **more: Any,
) -> Answer:
    return Answer(
        **{"approver": who, "decision": decision, "comment": comment, "at": AT, "subject": subject} | more
    )


def weigh(gate: Approval, requester: str, answers: list[Answer], now: datetime = NOW) -> Verdict:
    return judge(gate, requester, SUBJECT, answers, now)


def test_without_answers_it_waits_for_all() -> None:
    """Nobody has said anything: all are missing, and there is no last answer."""
    verdict = weigh(gate("alice", "bob", count=2), "dora", [])
    assert (verdict.state, verdict.missing, verdict.may_still) == ("waiting", 2, ("alice", "bob"))
    assert (verdict.last_counted, verdict.said) == (None, "")
    assert verdict.who_may == "alice or bob"


def test_one_of_two_leaves_one_missing() -> None:
    """A first approval counts, and the other approver is named."""
    verdict = weigh(gate("alice", "bob", count=2), "dora", [answer("alice")])
    assert (verdict.state, verdict.missing, verdict.counted) == ("waiting", 1, ("alice",))
    assert (verdict.may_still, verdict.said) == (
        ("bob",),
        "'alice' approved 'go-live'; 1 more approval needed",
    )


def test_enough_approvals_open_the_gate() -> None:
    """The quorum is reached."""
    verdict = weigh(gate("alice", "bob", count=2), "dora", [answer("alice"), answer("bob")])
    assert (verdict.state, verdict.missing, verdict.counted) == ("approved", 0, ("alice", "bob"))


@pytest.mark.parametrize("typed", ["alice", " Alice ", "ALICE", "alice\n"])
def test_names_are_compared_as_people_do(typed: str) -> None:
    """Case and surrounding space do not make another person."""
    assert weigh(gate("alice"), "dora", [answer(typed)]).counted == ("alice",)


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
            [answer("bob", subject=OTHER)],
            f"'bob' answered for the code {OTHER.code!r}, which has changed since (what is live now, and "
            f"what will be done in which order (plan)), expected {SUBJECT.code!r}; "
            "read it again and answer for that",
        ),
        (
            [answer("bob", subject=None)],
            "'bob' answered what was not asked yet, expected an answer to the form; answer that",
        ),
        (
            [answer("bob", code="0badc0de")],
            f"'bob' answered for the code '0badc0de', expected {SUBJECT.code!r}; "
            "read it again and answer for that",
        ),
        ([answer("bob", fell="it has fallen")], "it has fallen"),
        (
            [answer("eve", "later", until="2h")],
            "'eve' may not put off 'go-live': expected one of alice, bob; ask one of them",
        ),
        (
            [answer("bob", "later", until="soon")],
            "'soon' is no time, expected a while such as 30m, 2h or 1d, or a time such as 2026-12-01T09:00 "
            "(UTC); write it in 'until' again",
        ),
    ],
)
def test_an_answer_that_does_not_count_says_why(answers: list[Answer], said: str) -> None:
    """Nothing changes, and the person learns what to do."""
    verdict = weigh(gate("alice", "bob", count=2), "requester", answers)
    assert (verdict.state, verdict.last_counted, verdict.said) == ("waiting", False, said)


def test_the_requester_may_not_approve() -> None:
    """Four eyes: who asks for it does not agree to it."""
    verdict = weigh(gate("alice", "bob"), " Alice", [answer("alice")])
    assert (verdict.state, verdict.last_counted, verdict.may_still) == ("waiting", False, ("bob",))
    assert "the requester may not approve what they asked for" in verdict.said


def test_the_requester_may_approve_where_the_gate_says_so() -> None:
    """A small team can allow it."""
    assert weigh(gate("alice", own=True), "alice", [answer("alice")]).state == "approved"


def test_the_requester_may_withdraw() -> None:
    """Who asked for it can always stop it, with a reason."""
    verdict = weigh(gate("alice"), "dora", [answer("dora", "reject", "found a bug")])
    assert (verdict.state, verdict.rejected_by) == ("rejected", "dora")


def test_a_rejection_wins_over_approvals() -> None:
    """Whatever comes before or after it."""
    answers = [answer("alice"), answer("bob", "reject", "not today"), answer("carol")]
    verdict = weigh(gate("alice", "bob", "carol"), "dora", answers)
    assert (verdict.state, verdict.rejected_by) == ("rejected", "bob")


def test_a_gate_for_anybody_excludes_only_the_requester() -> None:
    """Nobody named means anybody, each once."""
    verdict = weigh(gate(count=2), "dora", [answer("eve"), answer("eve"), answer("dora")])
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
        st.sampled_from([SUBJECT, SUBJECT, OTHER]),
    ),
    max_size=8,
)


def naive(gate: Approval, requester: str, answers: list[Answer]) -> tuple[str, set[str]]:
    """Count with sets, as one would on paper."""
    valid = [(given.approver.strip().lower(), given) for given in answers if given.subject == SUBJECT]
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
    verdict = weigh(asked, requester, answers)
    assert verdict.state == state
    if state != "rejected":
        assert {name.casefold() for name in verdict.counted} == agreed
        assert verdict.missing == max(asked.count - len(agreed), 0)
    assert bool(verdict.said) == bool(answers)


@given(approvers=st.lists(st.sampled_from(NAMES), min_size=1), count=st.integers(1, 4), own=st.booleans())
def test_unreachable_is_true_to_its_word(approvers: list[str], count: int, own: bool) -> None:
    """When everybody approves, the gate opens exactly if it was not called unreachable."""
    asked = gate(*approvers, count=count, own=own)
    verdict = weigh(asked, "alice", [answer(name) for name in NAMES])
    assert (verdict.state == "approved") == (unreachable(asked, "alice") is None)


PRODUCT_AND_OPS = Approval(
    kind="approval",
    name="go-live",
    approvals=(Quorum(group="product", count=1), Quorum(group="ops", count=2)),
)


def of(who: str, *groups: str, **more: Any) -> Answer:
    return answer(who, groups=groups, **more)


def test_groups_are_asked_for_each() -> None:
    """Two of ops are no product, and the verdict tells who sits where and who is missing."""
    verdict = weigh(PRODUCT_AND_OPS, "dora", [of("alice", "ops"), of("bob", "ops"), of("carol", "ops")])
    assert (verdict.state, verdict.missing, verdict.who_may) == ("waiting", 1, "1 of product")
    assert [(seat.group, seat.count, len(seat.taken)) for seat in verdict.seats] == [
        ("product", 1, 0),
        ("ops", 2, 2),
    ]
    assert (
        verdict.said
        == "'carol' approved 'go-live'; 1 more approval needed (1 of product; one person counts once)"
    )
    assert verdict.last_counted is True


def test_a_person_in_two_groups_fills_the_one_that_helps() -> None:
    """Whoever came first moves to the other group when that is what lets the next one in."""
    verdict = weigh(
        PRODUCT_AND_OPS, "dora", [of("alice", "product", "ops"), of("bob", "product"), of("carol", "ops")]
    )
    assert verdict.state == "approved"
    assert [seat.taken for seat in verdict.seats] == [("bob",), ("alice", "carol")]


def test_one_person_counts_once_in_all_groups() -> None:
    """Also when they answer once for each group."""
    verdict = weigh(PRODUCT_AND_OPS, "dora", [of("alice", "product"), of("Alice", "ops")])
    assert (verdict.missing, verdict.counted) == (2, ("alice",))
    again = weigh(PRODUCT_AND_OPS, "dora", [of("alice", "product"), of("Alice", "product")])
    assert (again.missing, again.last_counted) == (2, False)
    assert again.said == "'Alice' has approved already: one person counts once; ask somebody else"


def test_who_is_in_no_group_may_not() -> None:
    """Neither approve nor reject nor put off."""
    for decision in ("approve", "reject", "later"):
        verdict = weigh(
            PRODUCT_AND_OPS, "dora", [of("eve", "qa", decision=decision, comment="no", until="2h")]
        )
        assert (verdict.state, verdict.last_counted) == ("waiting", False)
        assert verdict.said.endswith("is of qa, expected one of product or ops; ask one of them")


def test_those_it_was_escalated_to_sit_for_anybody() -> None:
    """From when they were asked, and not before."""
    gate = PRODUCT_AND_OPS.model_copy(update={"escalate_after": 60.0, "escalate_to": "duty"})
    before = weigh(gate, "dora", [of("eve", "duty")])
    assert (before.missing, before.last_counted) == (3, False)
    after = weigh(gate, "dora", [of("eve", "duty", escalated=True), of("bob", "ops"), of("carol", "ops")])
    assert [seat.taken for seat in after.seats] == [("eve",), ("bob", "carol")]


def test_those_it_was_escalated_to_are_not_named_and_may() -> None:
    """A gate that names people lets the group in as well."""
    named = Approval(
        kind="approval", name="go-live", approvers=("alice",), escalate_after=60, escalate_to="duty"
    )
    assert weigh(named, "dora", [of("eve", "duty")]).state == "waiting"
    assert weigh(named, "dora", [of("eve", "duty", escalated=True)]).state == "approved"
    assert unreachable(named, "alice") is None


def test_an_approval_expires() -> None:
    """It counts until then, and not after."""
    expiring = gate("alice").model_copy(update={"answers_expire": 3600.0})
    assert weigh(expiring, "dora", [answer("alice")], AT + timedelta(seconds=3599)).state == "approved"
    late = weigh(expiring, "dora", [answer("alice")], AT + timedelta(seconds=3600))
    assert (late.state, late.said) == (
        "waiting",
        "the approval of 'alice' has expired at 2026-11-23 19:05 UTC; answer again",
    )


def test_later_counts_and_opens_nothing() -> None:
    """It says when it is asked again."""
    verdict = weigh(gate("alice"), "dora", [answer("alice", "later", until="2h")])
    assert (verdict.state, verdict.missing, verdict.last_counted) == ("waiting", 1, True)
    assert verdict.said == "'alice' asked to be asked again at 2026-11-23 20:05 UTC"


def enough(quorums: dict[str, int], people: dict[str, set[str]]) -> bool:
    """Try every way to seat them."""
    seats = [group for group, count in quorums.items() for _ in range(count)]
    if len(seats) > len(people):
        return False
    return any(
        all(seat in people[person] for seat, person in zip(seats, row, strict=False))
        for row in permutations(people, len(seats))
    )


GROUPS = ("product", "qa", "ops")


@settings(max_examples=500)
@given(
    quorums=st.dictionaries(st.sampled_from(GROUPS), st.integers(1, 2), min_size=1, max_size=3),
    said=st.lists(
        st.tuples(st.sampled_from([*NAMES, "eve"]), st.sets(st.sampled_from(GROUPS), max_size=3)), max_size=6
    ),
    order=st.randoms(use_true_random=False),
)
def test_enough_is_what_trying_every_way_finds(
    quorums: dict[str, int], said: list[tuple[str, set[str]]], order: Any
) -> None:
    """Whatever the groups, and in whatever order people answer; nobody counts twice."""
    asked = Approval(
        kind="approval",
        name="go-live",
        approvals=tuple(Quorum(group=group, count=count) for group, count in quorums.items()),
    )
    people: dict[str, set[str]] = {}
    for who, groups in said:
        if who != "dora":
            people[who] = people.get(who, set()) | (groups & set(quorums))
    answers = [of(who, *sorted(groups)) for who, groups in said]
    verdict = weigh(asked, "dora", answers)
    assert (verdict.state == "approved") == enough(quorums, people)
    order.shuffle(answers)
    other = weigh(asked, "dora", answers)
    assert (other.state, other.missing) == (verdict.state, verdict.missing)
    sitting = [name for seat in other.seats for name in seat.taken]
    assert len(sitting) == len(set(sitting))
    assert all(seat.group in people[name] for seat in other.seats for name in seat.taken)


@pytest.mark.parametrize(
    ("part", "decision"), list(product(Subject.model_fields, ("approve", "reject", "later")))
)
def test_an_answer_of_another_subject_never_counts(part: str, decision: Decision) -> None:
    """Whichever of the five parts is another, and whatever was said."""
    other = SUBJECT.model_copy(update={part: "changed"})
    verdict = weigh(gate("alice"), "dora", [answer("alice", decision, "why", subject=other, until="2h")])
    assert (verdict.state, verdict.last_counted) == ("waiting", False)
    assert "which has changed since" in verdict.said
