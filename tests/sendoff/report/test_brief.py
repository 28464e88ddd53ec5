"""An approver reads first what has to be read, then what will happen, then what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact, Commit
from sendoff.gates import Subject as Agreed
from sendoff.gates import judge
from sendoff.gates.history import History
from sendoff.ledger.models import Event
from sendoff.plan.models import Batch, HostState, Plan, Step, Subject
from sendoff.report.brief import Earlier, brief
from sendoff.spec.intent import Intent
from sendoff.spec.models import Approval, Quorum

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


SUBJECT = Agreed(artifact="a", configuration="c", plan=PLAN.digest, intent="i", window="w")
OTHER = SUBJECT.model_copy(update={"plan": "bb" * 32})
NOW = AT + timedelta(minutes=30)


def written(events: list[Event] | None = None, **changes: Any) -> str:
    gate = changes.get("gate", GATE)
    history = History.of(gate, events or [])
    parts: dict[str, Any] = {
        "plan": PLAN,
        "intent": INTENT,
        "artifact": Artifact(**BUILT, built_at=AT.isoformat(), built_by="local:ada"),
        "commits": [COMMIT],
        "earlier": None,
        "checks": [],
        "gate": gate,
        "subject": SUBJECT,
        "verdict": judge(gate, "dora", SUBJECT, history.answers, NOW),
        "history": history,
        "durations": {},
        "now": NOW,
    }
    return brief(**{**parts, **changes})


def event(kind: str, **body: Any) -> Event:
    body = {"gate": "business", "answers": [], **body}
    return Event(number=1, release="r", at=AT, actor="a", kind=kind, body=body, previous_hash="", hash="")


def asked(subject: Agreed = SUBJECT, number: int = 1) -> Event:
    return event("approval.asked", question=f"approval-business-{number}", subject=subject.model_dump())


def said_by(who: str, subject: Agreed = SUBJECT, **more: Any) -> Event:
    body = {
        "approver": who,
        "groups": [],
        "decision": "approve",
        "comment": "fine",
        "until": "",
        "code": "",
        "question": "approval-business-1",
        "escalated": False,
        "proved": False,
        "nonce": "",
        "subject": subject.model_dump(),
        "missing": 1,
        "counted": True,
        "said": "",
    }
    return event("approval.answered", **{**body, **more})


def test_what_has_to_be_read_comes_first() -> None:
    """What, where and how risky; the code; what changes where; who is missing, by when; then the business."""
    lines = written().split("\n")
    assert lines[0] == "## storefront 2.4.1 to production: risk high"
    assert lines[2:11] == [
        f"- **Code:** {SUBJECT.code}, short for all that you agree to",
        "- **Changes:** web-1: from 2.4.0 to 2.4.1",
        "- **Missing:** 2 more approvals needed at business, from alice or bob",
        "- **By when:** there is no time limit",
        r"- **What changes for whom:** Customers find products in half \| the time",
        "- **Why now:** The winter sale",
        r"- **What could go wrong:** Old prices \<b\>for\</b\> a minute",
        "- **Requested by:** dora",
        "- **Tickets:** SHOP-12, SHOP-13",
    ]
    assert "| web-1 | 2.4.0 | 2.4.1 |" in lines


def test_what_has_to_be_read_shows_without_scrolling() -> None:
    """Also of fifty hosts, and with a time limit: in the few lines for which the window has room."""
    many = [HostState(target="web", host=f"web-{number}", live="2.4.0-000000000000") for number in range(50)]
    gate = Approval(kind="approval", name="business", expires_after=86400)
    batch = PLAN.batches[0].model_copy(update={"hosts": tuple(each.host for each in many)})
    plan = PLAN.model_copy(update={"now": tuple(many), "batches": (batch,)})
    top = written([asked()], plan=plan, gate=gate).split("\n")[:6]
    assert top[3] == "- **Changes:** 50 hosts: from 2.4.0 to 2.4.1"
    assert top[5] == "- **By when:** 2026-11-24 18:05 UTC, when it expires"
    assert all(len(line) <= 75 for line in top)


def test_the_plan_code_is_on_it() -> None:
    """What is agreed to can be compared with what `sendoff plan` printed."""
    assert f"plan code {PLAN.code}" in written()


def test_who_is_missing_is_named() -> None:
    """Who has answered, and who may still."""
    text = written([asked(), said_by("alice")])
    assert "- alice, 2026-11-23 18:05 UTC: approve: fine\n" in text
    assert "- **Missing:** 1 more approval needed at business, from bob\n" in text
    assert "### Who is missing" not in text


def test_who_is_missing_is_told_of_each_group() -> None:
    """Who has answered for which, and how many are missing."""
    gate = Approval(
        kind="approval", name="business", approvals=(Quorum(group="product"), Quorum(group="ops", count=2))
    )
    text = written([asked(), said_by("alice", groups=["ops"])], gate=gate)
    assert "- alice (ops), 2026-11-23 18:05 UTC: approve: fine\n" in text
    assert "- **Missing:** 2 more approvals needed at business, from 1 of product and 1 of ops\n" in text
    assert "### Who is missing\n\n- product: 0 of 1 (nobody yet)\n- ops: 1 of 2 (alice)\n" in text


def test_what_time_brings_is_told() -> None:
    """When people are reminded, who is asked then, when it expires, and how long an answer counts."""
    times = {"remind_after": 3600, "escalate_after": 7200, "escalate_to": "duty", "expires_after": 86400}
    gate = Approval(kind="approval", name="business", answers_expire=3600, **times)
    text = written([asked()], gate=gate)
    assert "- people are reminded at 2026-11-23 19:05 UTC\n" in text
    assert "- duty is asked as well at 2026-11-23 20:05 UTC\n" in text
    assert (
        "- it expires at 2026-11-24 18:05 UTC: then the release ends, neither failed nor rejected\n" in text
    )
    assert "- an approval counts for 1 h\n" in text


def test_what_is_news_stands_on_top() -> None:
    """That others were asked, and that somebody put it off."""
    gate = Approval(kind="approval", name="business", escalate_after=60, escalate_to="duty")
    until = (NOW + timedelta(hours=1)).isoformat()
    off = said_by("alice", decision="later", until=until, comment="")
    text = written([asked(), off, event("approval.escalated", said="x")], gate=gate)
    assert text.startswith(
        "**It waits for 30 min, so anybody of duty may answer as well.**\n\n"
        "**Somebody asked to be asked again at 2026-11-23 19:35 UTC; others may answer before.**\n\n## "
    )
    assert "from anybody but dora, or anybody of duty\n" in text


def test_an_answer_that_has_fallen_is_shown_as_void() -> None:
    """When what they agreed to changed, approvals fell, and people see why they are asked again."""
    why = (
        "what was asked at 'business' has changed: the plan; what alice agreed to is void; it is asked again"
    )
    fell = event("approval.void", answers=["approval-business-1"], said=why)
    text = written([asked(OTHER), said_by("alice", OTHER), fell])
    assert text.startswith(f"**{why[0].upper()}{why[1:]}.**")
    assert f"(did not count: {why})" in text
    assert "- **Missing:** 2 more approvals needed at business, from alice or bob\n" in text


def test_a_note_stands_on_top() -> None:
    """Who was refused reads why before anything else."""
    refused = said_by("bob", counted=False, said="a rejection needs a reason")
    assert written([asked(), refused]).startswith(
        "**The last answer, of bob, did not count: a rejection needs a reason.**\n\n## "
    )


def test_what_was_refused_is_shown_as_not_counted() -> None:
    """Where people sign in, also who was late; of a forgery nobody knows whose it was."""
    late = event("stamp.refused", question="approval-business-2", who="bob", said="somebody was first")
    forged = event("stamp.refused", question="approval-business-2", who="", said="it is forged")
    text = written([asked(), said_by("alice"), late, forged])
    assert (
        "- alice, 2026-11-23 18:05 UTC: approve: fine\n"
        "- bob, 2026-11-23 18:05 UTC: an answer (did not count: somebody was first)\n"
        "- somebody, 2026-11-23 18:05 UTC: an answer (did not count: it is forged)\n"
    ) in text
    assert text.startswith("**The last answer did not count: it is forged.**")
    assert written([asked(), late]).startswith(
        "**The last answer, of bob, did not count: somebody was first.**"
    )


def test_evidence_of_the_environment_before() -> None:
    """Since when it is live there, and what its checks came to; and who built it when."""
    check = {"check": "health", "host": "web-9", "when": "live", "passed": True, "said": "web-9 answered 200"}
    text = written(earlier=Earlier(environment="staging", since=AT, checks=(check,)))
    since = "in staging, live since 2026-11-23 18:05 UTC"
    assert "- built once by local:ada, 2026-11-23 18:05 UTC: 20 files" in text
    assert f"- {since}: check **health** (after going live): passed on web-9\n" in text


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
