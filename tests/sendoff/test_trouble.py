"""What may be answered where something broke, what each answer does, and whose counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.trouble import (
    HEADLINES,
    Broken,
    Decision,
    Reply,
    Trouble,
    answered,
    consequence,
    fallback,
    is_borne,
    judge,
    possible,
    stands,
)

UNTIL = datetime(2026, 11, 23, 3, 10, tzinfo=UTC)
DECISIONS: tuple[Decision, ...] = get_args(Decision)
STAGES = st.sampled_from(sorted(HEADLINES))


def trouble(place: str = "go-live/2", *hosts: str, **more: Any) -> Trouble:
    known: dict[str, Any] = {
        "number": 1,
        "version": "2.4.1",
        "broken": [Broken(target="web", host=host, said="no route") for host in hosts or ("b",)],
        "of": 3,
        "is_borne": False,
        "otherwise": "undo",
        "until": UNTIL,
    }
    return Trouble(place=place, **{**known, **more})


def reply(decision: Decision, who: str = "ada", minutes: int = -30, comment: str = "") -> Reply:
    return Reply(decision=decision, who=who, comment=comment, at=UNTIL + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("stage", "borne", "staged", "answers"),
    [
        ("build", True, True, ("retry", "stop here")),
        ("preflight", False, False, ("retry", "stop here")),
        ("preflight", True, False, ("retry", "leave out", "stop here")),
        ("deploy", False, True, ("retry", "undo", "stop here")),
        ("check-dark", True, True, ("retry", "leave out", "undo", "stop here")),
        ("go-live", False, False, ("retry", "undo", "stop here")),
        ("go-live", True, True, ("retry", "leave out", "undo", "stop here")),
        ("undo", True, True, ("retry", "stop here")),
    ],
)
def test_possible(stage: str, borne: bool, staged: bool, answers: tuple[Decision, ...]) -> None:
    """Only what can be done is offered."""
    assert possible(stage, borne, staged) == answers


@given(STAGES, st.booleans(), st.booleans(), st.sampled_from(["leave out", "undo", "stop here"]))
def test_fallback_can_be_done_and_is_no_retry(
    stage: str, borne: bool, staged: bool, wanted: Decision
) -> None:
    """Whatever is wanted, the default is possible; it never tries for ever, nor leaves out too many."""
    allowed = possible(stage, borne, staged)
    chosen = fallback(wanted, allowed)
    assert chosen in allowed
    assert chosen != "retry"
    assert chosen == wanted or wanted not in allowed
    assert chosen != "leave out" or borne


def test_fallback_of_leaving_out_is_undoing() -> None:
    """Beyond the limit it is as if nobody may fail."""
    assert fallback("leave out", ("retry", "undo", "stop here")) == "undo"
    assert fallback("stop here", ("retry", "undo", "stop here")) == "stop here"


@given(
    st.lists(st.sampled_from(["web", "jobs"]), max_size=5),
    st.lists(st.sampled_from(["web", "jobs"]), max_size=5),
    st.dictionaries(st.sampled_from(["web", "jobs"]), st.integers(0, 5)),
)
def test_the_limit_is_never_passed(broken: list[str], left_out: list[str], limits: dict[str, int]) -> None:
    """Leaving out is allowed when no target then has more hosts left out than it bears."""
    after = broken + left_out
    fits = all(after.count(target) <= limits.get(target, 0) for target in set(broken))
    assert is_borne(broken, left_out, limits) == (bool(broken) and fits)


@given(
    st.sampled_from(DECISIONS),
    st.sampled_from(["", " ", "ada", "Bob ", "mallory"]),
    st.integers(-60, 60),
    st.booleans(),
    st.booleans(),
)
def test_what_counts_can_be_done_by_who_said_it(
    decision: Decision, who: str, minutes: int, borne: bool, named: bool
) -> None:
    """An answer counts when it is possible and its author may; nobody's, when it is what the clock does."""
    found, answerers = trouble(is_borne=borne), ("ada", "bob") if named else ()
    verdict = judge(found, answerers, reply(decision, who, minutes))
    may = who.strip().lower() in answerers or (bool(who.strip()) and not named)
    is_clock = not who.strip() and minutes >= 0 and decision == "undo"
    assert verdict.counted == (decision in found.possible and (may or is_clock))
    assert verdict.said


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (reply("undo", ""), "nobody is named, expected who answers; write your name"),
        (reply("undo", "mallory"), "'mallory' may not answer: expected one of ada; ask one of them"),
        (
            reply("leave out"),
            "'leave out' cannot be done here, expected 'retry', 'undo' or 'stop here'; choose one of these",
        ),
        (reply("undo", "ada", comment=" enough "), "ada answered 'undo': enough"),
        (reply("undo", "", minutes=0), "nobody answered, so 'undo' it is"),
    ],
    ids=["nobody", "stranger", "impossible", "counts", "time is up"],
)
def test_what_is_said_of_an_answer(given_: Reply, said: str) -> None:
    """A refusal says what to do; an answer that counts is told as it is."""
    assert judge(trouble(), ("ada",), given_).said == said


def test_headlines() -> None:
    """What broke is told in business words, with its hosts."""
    assert trouble("go-live/2", "b", "c").summary == "2.4.1 could not go live on 2 of 3 hosts (b and c)"
    build = trouble("build", broken=(Broken(target="", host="", said="no network"),))
    assert build.summary == "2.4.1 could not be built"


@given(STAGES, st.booleans(), st.booleans(), st.booleans())
def test_every_answer_has_its_consequence(stage: str, borne: bool, staged: bool, live: bool) -> None:
    """Each answer that is offered says what it would do, and so does where it stands."""
    found = trouble(
        f"{stage}/1", is_borne=borne, staged=("a", "c") if staged else (), live=("a",) if live else ()
    )
    told = [consequence(each, found) for each in found.possible]
    assert len({*told}) == len(told)
    assert all(each and each[-1] != "." for each in (*told, stands(found)))


def test_consequences_while_it_goes_live() -> None:
    """The answers name the hosts that they are about."""
    found = trouble("go-live/2", is_borne=True, staged=("a", "b", "c"), live=("a",))
    assert "b" in consequence("retry", found)
    assert consequence("undo", found) == "every host that serves 2.4.1 is put back to what was live before: a"
    assert "2.4.1 is live on a" in consequence("stop here", found)
    assert "the release goes on without b" in consequence("leave out", found)


def test_who_answered() -> None:
    """A person is named, and nobody is nobody."""
    assert answered(reply("retry", " ada ")) == "ada answered 'retry'"
    assert answered(reply("undo", "")) == "nobody answered, so 'undo' it is"
