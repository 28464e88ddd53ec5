"""An approver reads the business first, then what will happen, then what is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.gates import Answer
from sendoff.plan.models import Batch, HostState, Plan, Step, Subject
from sendoff.report.brief import brief
from sendoff.spec.intent import Intent
from sendoff.spec.models import Approval

AT = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
COMMIT = Commit(sha="c0ffee" * 6, author="Ada", at=AT.isoformat(), subject="Search by prefix | fast")
BUILT: dict[str, Any] = {
    "application": "storefront",
    "version": "2.4.1",
    "digest": "ab" * 32,
    "size": 61_000,
    "files": 20,
}
PLAN = Plan(
    kind="release",
    subject=Subject(**BUILT, release_name="2.4.1-abababababab"),
    environment="production",
    config_digest="cf",
    now=(HostState(target="web", host="web-1", live="2.4.0-000000000000"),),
    batches=(Batch(number=1, target="web", hosts=("web-1",), max_failures=0),),
    gates=("business",),
    checks=(),
    steps=(
        Step(id="go-live/1", action="go-live", title="go live on web-1", undo="switch web-1 back to 2.4.0"),
    ),
    beyond_switch=None,
)
INTENT = Intent(
    summary="Customers find products\nin half | the time",
    reason="The winter sale",
    risk="high",
    risk_note="Old prices <b>for</b> a minute",
    tickets=("SHOP-12", "SHOP-13"),
    requested_by="dora",
)
GATE = Approval(kind="approval", name="business", approvers=("alice", "bob"), count=2)


def written(**changes: Any) -> str:
    parts: dict[str, Any] = {
        "plan": PLAN,
        "intent": INTENT,
        "artifact": Artifact(**BUILT, built_at=AT.isoformat(), built_by="local:ada"),
        "commits": [COMMIT],
        "checks": [],
        "gate": GATE,
        "answers": [],
        "durations": {},
    }
    return brief(**{**parts, **changes})


def said_by(who: str, plan: str = PLAN.digest) -> Answer:
    return Answer(approver=who, decision="approve", comment="fine", at=AT, plan_digest=plan)


def test_the_business_comes_first() -> None:
    """What changes for whom, then why, risk, who asks, tickets; then the plan."""
    lines = written().split("\n")
    assert lines[0] == r"## Customers find products in half \| the time"
    assert lines[2:7] == [
        "- **What:** storefront 2.4.1 to production",
        "- **Why now:** The winter sale",
        r"- **Risk:** high: Old prices \<b\>for\</b\> a minute",
        "- **Requested by:** dora",
        "- **Tickets:** SHOP-12, SHOP-13",
    ]
    assert "| web-1 | 2.4.0 | 2.4.1 |" in lines


def test_the_plan_code_is_on_it() -> None:
    """What is agreed to can be compared with what `sendoff plan` printed."""
    assert f"plan code {PLAN.code}" in written()


def test_who_is_missing_is_named() -> None:
    """Who has answered, and who may still."""
    text = written(answers=[said_by("alice")])
    assert "- alice, 2026-11-23 18:05 UTC: approve: fine\n" in text
    assert "**1 more approval needed at business, from bob**" in text


def test_an_answer_for_another_plan_is_shown_as_void() -> None:
    """When the plan changed, its approvals fell, and people see why they are asked again."""
    text = written(answers=[said_by("alice", plan="bb" * 32)])
    assert "(did not count: 'alice' answered for the plan 'bbbbbbbb'" in text
    assert "**2 more approvals needed at business, from alice or bob**" in text


def test_a_note_stands_on_top() -> None:
    """Who was refused reads why before anything else."""
    assert written(note="a rejection needs a reason").startswith(
        "**Your answer did not count: a rejection needs a reason.**\n\n## "
    )


@pytest.mark.parametrize(
    ("passed", "line"),
    [
        (True, "- check **starts** (before traffic): passed on web-1\n"),
        (False, "- check **starts** (before traffic): **failed:** web-1 ran 'x'\n"),
    ],
)
def test_what_was_verified_is_listed(passed: bool, line: str) -> None:
    """Each check so far, with what it saw if it failed."""
    check = {"check": "starts", "host": "web-1", "when": "dark", "passed": passed, "said": "web-1 ran 'x'"}
    assert line in written(checks=[check])


def go_live(number: int) -> Step:
    host = f"web-{number}"
    moves = ("run 'bin/migrate' before the switch",)
    return Step(
        id=f"go-live/{number}",
        action="go-live",
        title=f"go live on {host}",
        hosts=(host,),
        does=moves,
        undo="u",
    )


def test_steps_are_a_line_each_without_commands() -> None:
    """The form is narrow: the commands are in the whole plan."""
    text = written(plan=PLAN.model_copy(update={"steps": (go_live(1), go_live(2))}))
    assert "\n1. Go live on web-1\n2. Go live on web-2\n" in text
    assert "bin/migrate" not in text


def test_many_batches_are_one_line() -> None:
    """Fifty batches do not push the rest out of sight."""
    text = written(plan=PLAN.model_copy(update={"steps": tuple(map(go_live, range(1, 51)))}))
    assert "\n1. Go live in 50 batches, from web-1 to web-50\n" in text


def test_the_point_beyond_a_switch_has_no_command_line() -> None:
    """Where it begins is what an approver has to know."""
    beyond = "from go-live/1 (web-1) on: 'bin/migrate' before the switch may have changed what"
    text = written(plan=PLAN.model_copy(update={"beyond_switch": beyond}))
    assert "**Undo means more than a switch:** from go-live/1 (web-1) on: the commands run there" in text
    assert "bin/migrate" not in text


def test_without_checks_it_says_so() -> None:
    """Nobody is to think that something was verified."""
    assert "no check has looked at it on a host of this environment yet" in written()


def test_no_commits_are_admitted() -> None:
    """An empty list is not left to be guessed at."""
    assert "No commits are known" in written(commits=[])


def test_when_it_may_ship() -> None:
    """An approver sees when windows close and what freezes it next; nothing where it always may."""
    assert "### When\n\n- next freeze: a \\| b\n" in written(when=("next freeze: a | b",))
    assert "### When" not in written()
