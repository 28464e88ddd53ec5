"""Only the owner of a freeze may override it, with a reason."""

from __future__ import annotations

import pytest

from sendoff.timing.override import Answer, judge
from sendoff.timing.rules import Reason

OPS = Reason(kind="freeze", said="Year end", owner="ops", freeze="1")
SALES = Reason(kind="freeze", said="Big sale", owner="Sam Lee", freeze="2")


def answer(who: str, *groups: str, decision: str = "ship anyway", comment: str = "it burns") -> Answer:
    return Answer.model_validate({"decision": decision, "who": who, "groups": groups, "comment": comment})


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
    verdict = judge(given, freezes)
    assert (verdict.counted, verdict.overridden) == (True, expected)


def test_said() -> None:
    """Who, what, and why."""
    assert judge(answer("ops"), [OPS]).said == "ops overrode the freeze 'Year end': it burns"
    assert judge(answer("ada", decision="wait", comment=""), [OPS]).said == "ada answered 'wait'"


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
    verdict = judge(given, [OPS, SALES])
    assert (verdict.counted, verdict.overridden, verdict.said) == (False, (), said)
