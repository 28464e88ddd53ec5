"""How far a release is, told from its events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.ledger.models import Event
from sendoff.ledger.progress import progress

START = datetime(2026, 3, 1, tzinfo=UTC)
HOSTS = ["web-1", "web-2", "web-3"]
CONFIG = {"environments": [{"name": "production", "gates": [{"name": "go-live", "count": 2}]}]}
PLAN = {
    "subject": {"release_name": "2.4.1-abc"},
    "steps": [
        {"action": "deploy", "hosts": HOSTS},
        {"action": "approve", "hosts": []},
        {"action": "go-live", "hosts": HOSTS[:1]},
        {"action": "go-live", "hosts": HOSTS[1:]},
    ],
}
CREATED = ("release.created", {"application": "storefront", "environment": "production", "version": "2.4.1"})
PLANNED = ("release.planned", {"plan_digest": "p1", "plan": PLAN})
ASKED = ("approval.asked", {"gate": "go-live", "plan_digest": "p1"})


def told(*said: tuple[str, dict[str, Any]]) -> list[Event]:
    return [
        Event(
            number=number,
            release="r1",
            at=START + timedelta(minutes=number),
            actor="ada",
            kind=kind,
            body=body,
            previous_hash="",
            hash="",
        )
        for number, (kind, body) in enumerate(said)
    ]


def deployed(host: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "step.done", {"action": "deploy", "host": host, **more}


def live(host: str, name: str) -> tuple[str, dict[str, Any]]:
    return "host.live", {"host": host, "release_name": name}


def answered(decision: str = "approve", plan: str = "p1", counted: bool = True) -> tuple[str, dict[str, Any]]:
    body = {"gate": "go-live", "plan_digest": plan, "decision": decision, "counted": counted}
    return "approval.answered", body


def test_before_it_is_planned() -> None:
    """A new release builds."""
    now = progress(told(CREATED))
    assert (now.title, now.doing) == ("storefront 2.4.1 to production", "builds it")
    assert [(phase.name, phase.done, phase.of) for phase in now.phases] == [("built", 0, 1)]


def test_other_flows_are_named() -> None:
    """A rollback says that it is one."""
    now = progress(told((CREATED[0], {**CREATED[1], "flow": "rollback"})))
    assert now.title == "rollback of storefront 2.4.1 to production"


def test_hosts_are_counted_once() -> None:
    """A step that failed, or was done twice, does not count more."""
    now = progress(
        told(CREATED, PLANNED, deployed("web-1"), deployed("web-1"), deployed("web-2", failed=True))
    )
    assert now.doing == "deployed: 1 of 3 hosts"


def test_a_look_at_all_hosts_counts_for_all() -> None:
    """It is one step without a host."""
    plan = {**PLAN, "steps": [{"action": "preflight", "hosts": HOSTS}, *PLAN["steps"]]}
    looked = ("step.done", {"action": "preflight", "host": None})
    now = progress(told(CREATED, looked, ("release.planned", {"plan_digest": "p1", "plan": plan})))
    assert now.doing == "deployed: 0 of 3 hosts"


def test_batches_are_summed_up_and_undo_counts_back() -> None:
    """Going live is one phase over all batches; a host that was put back is not live any more."""
    all_live = [live(host, "2.4.1-abc") for host in HOSTS]
    now = progress(told(CREATED, PLANNED, *map(deployed, HOSTS), *all_live, live("web-1", "2.4.0-xyz")))
    assert [(phase.name, phase.done, phase.of) for phase in now.phases] == [
        ("deployed", 3, 3),
        ("live", 2, 3),
    ]


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ([], 2),
        ([answered()], 1),
        ([answered(counted=False)], 2),
        ([answered(plan="p0")], 2),
        ([answered(), answered()], None),
        ([answered("reject")], None),
    ],
)
def test_waiting(answers: list[tuple[str, dict[str, Any]]], missing: int | None) -> None:
    """It waits until as many as the gate wants have approved this very plan, or one rejects it."""
    created = (CREATED[0], {**CREATED[1], "config": CONFIG})
    waiting = progress(told(created, PLANNED, ASKED, *answers, ASKED)).waiting
    assert (waiting.missing if waiting else None) == missing
    assert waiting is None or waiting.since == START + timedelta(minutes=2)


def asked_for(missing: int, code: str = "c1") -> tuple[str, dict[str, Any]]:
    body = {"gate": "go-live", "plan_digest": "p1", "subject": {"plan": code}, "missing": missing}
    return "approval.asked", body


def answered_for(missing: int, decision: str = "approve", code: str = "c1") -> tuple[str, dict[str, Any]]:
    body = {**answered(decision)[1], "subject": {"plan": code}, "missing": missing}
    return "approval.answered", body


@pytest.mark.parametrize(
    ("said", "missing", "since"),
    [
        ([asked_for(3)], 3, 2),
        ([asked_for(3), answered_for(2)], 2, 2),
        ([asked_for(3), answered_for(2), asked_for(2)], 2, 2),
        ([asked_for(3), answered_for(3, "later"), asked_for(3)], 3, 2),
        ([asked_for(1), answered_for(0)], None, 0),
        ([asked_for(3), answered_for(2), ("approval.void", {"gate": "go-live"}), asked_for(3, "c2")], 3, 5),
        ([asked_for(3), ("approval.expired", {"gate": "go-live"})], None, 0),
        ([asked_for(3), answered_for(3, "reject")], None, 0),
    ],
)
def test_waiting_for_groups(said: list[tuple[str, dict[str, Any]]], missing: int | None, since: int) -> None:
    """How many are missing was written down; it waits since it was first asked of what it is about."""
    waiting = progress(told(CREATED, PLANNED, *said)).waiting
    assert (waiting.missing if waiting else None) == missing
    assert waiting is None or waiting.since == START + timedelta(minutes=since)


def test_one_approval_unless_the_configuration_says_more() -> None:
    """Without a snapshot of the configuration, one approval is missing."""
    waiting = progress(told(CREATED, PLANNED, ASKED)).waiting
    assert waiting
    assert waiting.missing == 1


def test_the_end() -> None:
    """What has ended waits for nothing, and says how it ended."""
    now = progress(told(CREATED, PLANNED, ASKED, ("release.ended", {"end": "rejected", "said": "not today"})))
    assert (now.end, now.said, now.waiting) == ("rejected", "not today", None)


@given(
    st.lists(
        st.sampled_from(
            [PLANNED, ASKED, answered(), deployed("web-1"), live("web-9", "x"), live("web-1", "2.4.1-abc")]
        )
    )
)
def test_never_more_than_all(said: list[tuple[str, dict[str, Any]]]) -> None:
    """Whatever happens in whichever order, no phase is more than complete."""
    assert all(0 <= phase.done <= phase.of for phase in progress(told(CREATED, *said)).phases)


def test_a_question_is_open_until_an_answer_counts() -> None:
    """What broke, until when and what is done otherwise; when it broke again, the newest question counts."""
    until = (START + timedelta(hours=1)).isoformat()
    body = {"place": "deploy", "number": 1, "said": "it broke (b)", "until": until, "otherwise": "undo"}
    here = {"place": "deploy", "number": 1}
    no, yes = (("trouble.answered", {**here, "counted": counted}) for counted in (False, True))
    for answers in ([], [no]):
        question = progress(told(CREATED, PLANNED, ("trouble.asked", body), *answers)).question
        assert question
        assert (question.broke, question.otherwise) == ("it broke (b)", "undo")
        assert (question.since, question.until) == (START + timedelta(minutes=2), START + timedelta(hours=1))
    answered_once = [CREATED, PLANNED, ("trouble.asked", body), no, yes]
    assert progress(told(*answered_once)).question is None
    assert progress(told(*answered_once, ("trouble.asked", {**body, "number": 2}))).question
    ended = ("release.ended", {"end": "errored", "said": ""})
    assert progress(told(CREATED, ("trouble.asked", body), ended)).question is None
