"""Only the owner of a freeze may override it, with a reason, and only what they were shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sendoff.ledger.models import Event
from sendoff.timing.override import Answer, Shown, Verdict, in_force, judge
from sendoff.timing.rules import Reason

OPS = Reason(kind="freeze", said="Year end", owner="ops", freeze="1")
SALES = Reason(kind="freeze", said="Big sale", owner="Sam Lee", freeze="2")
SHOWN = Shown(freezes=("1", "2"), plan="p")


def answer(
    who: str,
    *groups: str,
    decision: str = "ship anyway",
    comment: str = "it burns",
    shown: Shown | None = SHOWN,
    code: str = "",
) -> Answer:
    return Answer.model_validate(
        {
            "decision": decision,
            "who": who,
            "groups": groups,
            "comment": comment,
            "shown": shown,
            "code": code,
        }
    )


def weigh(given: Answer, freezes: list[Reason], requested_by: str = "dora") -> Verdict:
    return judge(given, requested_by, freezes, "p")


@pytest.mark.parametrize(
    ("given", "freezes", "expected"),
    [
        (answer("ops"), [OPS], ("1",)),
        (answer("ada", "ops"), [OPS], ("1",)),
        (answer("  sam  lee "), [OPS, SALES], ("2",)),
        (answer("sam lee", "ops"), [OPS, SALES], ("1", "2")),
    ],
    ids=["by name", "by group", "their own", "both"],
)
def test_owner(given: Answer, freezes: list[Reason], expected: tuple[str, ...]) -> None:
    """What is somebody else's stays, and holds the release still."""
    verdict = weigh(given, freezes)
    assert (verdict.counted, verdict.overridden) == (True, expected)


def test_said() -> None:
    """Who, what, and why."""
    assert weigh(answer("ops"), [OPS]).said == "ops overrode the freeze 'Year end': it burns"
    assert weigh(answer("ada", decision="wait", comment=""), [OPS]).said == "ada answered 'wait'"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("ada", "qa"), "'ada' may not override it: expected ops or Sam Lee; ask them"),
        (answer("ops", comment=" "), "an override needs a reason: write in the comment why it cannot wait"),
        (answer(" "), "nobody is named, expected who answers; write your name"),
    ],
)
def test_does_not_count(given: Answer, said: str) -> None:
    """Nothing is overridden then, and it is said why."""
    verdict = weigh(given, [OPS, SALES])
    assert (verdict.counted, verdict.overridden, verdict.said) == (False, (), said)


def test_only_what_was_shown() -> None:
    """Of those that hold it by then, what was not on the form holds it still; of nothing else, it is said."""
    both = [OPS, OPS.model_copy(update={"said": "Audit, nobody may", "freeze": "3"})]
    assert weigh(answer("ops"), both).overridden == ("1",)
    verdict = weigh(answer("ops"), both[1:])
    assert (verdict.counted, verdict.overridden) == (False, ())
    assert verdict.said == (
        "the freeze 'Audit, nobody may' was not shown when 'ops' answered, expected an answer for what "
        "holds it now; read it again and answer for that"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (answer("ops", shown=None), "'ops' answered what was not asked yet"),
        (
            answer("ops", shown=Shown(freezes=("1",), plan="q")),
            f"'ops' answered for the code {Shown(freezes=('1',), plan='q').code!r}, and what would be "
            "released has changed since (plan)",
        ),
        (answer("ops", code="0badc0de"), f"'ops' answered for the code '0badc0de', expected {SHOWN.code!r}"),
    ],
    ids=["never asked", "another plan", "an older page"],
)
def test_only_of_what_was_asked(given: Answer, said: str) -> None:
    """An answer to something else is none, and says what to do."""
    verdict = weigh(given, [OPS])
    assert (verdict.counted, verdict.overridden) == (False, ())
    assert verdict.said.startswith(said)
    assert verdict.said.endswith("answer that") or verdict.said.endswith("answer for that")


def test_the_code_goes_back() -> None:
    """It is of the freezes that were shown, and of the plan."""
    assert weigh(answer("ops", code=f" {SHOWN.code} "), [OPS]).counted
    others = {Shown(freezes=("1",), plan="p").code, Shown(freezes=("1", "2"), plan="q").code}
    assert SHOWN.code not in others


@pytest.mark.parametrize("given", [answer("Dora", "ops"), answer(" dora ", "sam lee")])
def test_not_whoever_asked_for_it(given: Answer) -> None:
    """Nobody lets their own release through a freeze, also when it is theirs."""
    verdict = weigh(given, [OPS, SALES])
    assert (verdict.counted, verdict.overridden) == (False, ())
    assert "the requester may not override a freeze for what they asked for" in verdict.said
    assert weigh(answer("dora", decision="wait"), [OPS]).counted


def event(number: int, kind: str, **body: str) -> Event:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    return Event(
        number=number, release="r", at=at, actor="a", kind=kind, body=body, previous_hash="", hash=""
    )


def test_what_is_planned_anew_makes_it_void() -> None:
    """Also when the plan comes to be what it was: who let it through has to say so again."""
    planned = ("release.planned", {"plan_digest": "p"})
    overridden = ("freeze.overridden", {"freeze": "1"})
    told = [planned, overridden, planned, ("freeze.overridden", {"freeze": "2"})]
    events = [event(number, kind, **body) for number, (kind, body) in enumerate(told, 1)]
    assert in_force([]) == frozenset()
    assert in_force(events[:2]) == {"1"}
    assert in_force(events[:3]) == frozenset()
    assert in_force(events) == {"2"}
