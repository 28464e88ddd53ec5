"""People agree to what will be done, and to nothing else: by group, in time, and in their own name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sendoff.spec.intent import Emergency
from sendoff.spec.models import BreakGlass
from sendoff.telling import occasions_of
from sendoff.timing.rules import Rules, Unread
from tasks import approval, hold, subject
from tasks.approval import declined

Gated = Any  # the classes stand in conftest.py, which tests do not import
Make = Callable[..., Gated]
NAMED = {"approvers": ["sam", "priya"]}
BOTH = {"approvals": [{"group": "product"}, {"group": "ops", "count": 2}]}
TIMES = {"remind_after": 600, "escalate_after": 1200, "escalate_to": "duty", "expires_after": 3600}


def test_nobody_is_asked_where_there_is_no_gate(gated: Make) -> None:
    """A release without gates goes on."""
    assert gated().agree() is not None


def test_an_approval_of_what_is_shown_counts(gated: Make) -> None:
    """What was asked and what was answered hold the five digests, and the code that people compare."""
    run = gated(NAMED)
    assert run.agree(run.says("sam")) is not None
    (asked,), (answered,) = run.bodies("approval.asked"), run.bodies("approval.answered")
    assert set(asked["subject"]) == {"artifact", "configuration", "plan", "intent", "window"}
    assert asked["subject"] == answered["subject"]
    assert asked["code"] == run.codes[0]
    assert (asked["missing"], asked["from"], asked["question"]) == (1, "sam or priya", "approval-gate-1-1")
    assert (answered["missing"], answered["counted"], answered["proved"]) == (0, True, False)


def test_each_group_has_to_agree(gated: Make) -> None:
    """Each answer is a question of its own, and the ledger says how many are missing."""
    run = gated(BOTH)
    steps = [run.says("sam", group="ops"), run.says("priya", group="product"), run.says("alex", group="ops")]
    assert run.agree(*steps) is not None
    assert run.asked == ["approval-gate-1-1", "approval-gate-1-2", "approval-gate-1-3"]
    assert [body["missing"] for body in run.bodies("approval.asked")] == [3, 2, 1]
    assert run.bodies("approval.asked")[1]["from"] == "1 of product and 1 of ops"
    assert [body["groups"] for body in run.bodies("approval.answered")] == [["ops"], ["product"], ["ops"]]


def test_groups_are_those_of_the_stamp(gated: Make) -> None:
    """Who signs in is of the groups that the server says, when they answer; one in two fills either."""
    run = gated(BOTH, signed=True)
    steps = [run.signs("sam", "product", "ops"), run.signs("alex", "ops"), run.signs("priya", "product")]
    assert run.agree(*steps) is not None
    assert {body["proved"] for body in run.bodies("approval.answered")} == {True}
    assert len({body["nonce"] for body in run.bodies("approval.answered")}) == 3


def test_a_rejection_needs_a_reason_and_is_the_end(gated: Make) -> None:
    """Without one it is asked again; with one nothing brings it back, not even another plan."""
    run = gated(NAMED)
    assert run.agree(run.says("sam", "reject"), run.says("sam", "reject", comment="no")) is None
    assert run.counted() == [("sam", False), ("sam", True)]
    assert declined(run.run) == "rejected"
    run.planner.live = "9-000000000000"
    assert run.agree() is None


def test_who_may_not_is_asked_again(gated: Make) -> None:
    """The requester and a stranger change nothing; the next one counts."""
    run = gated({"approvers": ["sam", "robin"]})
    assert run.agree(run.says("robin"), run.says("sam")) is not None
    assert run.counted() == [("robin", False), ("sam", True)]


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01T00:00", "0h", "90d"])
def test_a_later_that_is_none_is_told_and_asked_again(gated: Make, until: str) -> None:
    """Bad input never fails a release."""
    run = gated(NAMED)
    run.waits(run.says("sam", "later", until=until))
    (answered,) = run.bodies("approval.answered")
    assert (answered["counted"], answered["until"]) == (False, until)
    assert "expected" in answered["said"]


def test_later_asks_again_at_that_time(gated: Make) -> None:
    """It is written down as the moment that was meant; others may answer before."""
    run = gated(NAMED)
    run.waits(run.says("sam", "later", until="2h"), run.passes(hours=2))
    (answered,) = run.bodies("approval.answered")
    at = run.at
    assert (answered["until"], answered["counted"]) == (at.isoformat(), True)
    assert run.alarms == [("approval-gate-1-2", at)]
    assert run.asked == ["approval-gate-1-1", "approval-gate-1-2", "approval-gate-1-2--2"]
    assert run.agree(run.says("priya")) is not None


def test_later_keeps_reminders_back(gated: Make) -> None:
    """Nobody is reminded of what they asked to be left alone with; the end stays what it was."""
    run = gated({**NAMED, **TIMES})
    start = run.at
    run.waits(run.says("sam", "later", until="30m"), run.passes(minutes=30))
    assert [at - start for _, at in run.alarms] == [
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(minutes=60),
    ]
    assert [event.kind for event in run.events("approval.reminded", "approval.escalated")] == [
        "approval.reminded",
        "approval.escalated",
    ]


def test_it_reminds_then_escalates_then_expires(gated: Make) -> None:
    """Each once, each in the ledger; the end is neither a rejection nor a failure."""
    run = gated({**NAMED, **TIMES})
    start = run.at
    assert run.agree(run.passes(minutes=10), run.passes(minutes=10), run.passes(minutes=40)) is None
    kinds = ("approval.reminded", "approval.escalated", "approval.expired")
    assert [(event.kind, event.at - start) for event in run.events(*kinds)] == [
        ("approval.reminded", timedelta(minutes=10)),
        ("approval.escalated", timedelta(minutes=20)),
        ("approval.expired", timedelta(minutes=60)),
    ]
    assert [at - start for _, at in run.alarms] == [timedelta(minutes=minutes) for minutes in (10, 20, 60)]
    assert run.bodies("approval.asked")[0]["until"] == "2026-11-25T13:00:00Z"
    assert declined(run.run) == "expired"


def test_those_it_escalates_to_may_answer_from_then_on(gated: Make) -> None:
    """Not before."""
    run = gated({**NAMED, **TIMES})
    duty = run.says("eve", group="duty")
    assert run.agree(duty, run.passes(minutes=20), duty) is not None
    assert run.counted() == [("eve", False), ("eve", True)]
    assert run.bodies("approval.asked")[-1]["from"] == "sam or priya, or anybody of duty"


def test_a_process_that_comes_too_late_does_the_last_thing_only(gated: Make) -> None:
    """All was due while nobody looked: it has expired, and nobody is reminded of that."""
    run = gated({**NAMED, **TIMES})
    assert run.agree(run.passes(hours=2)) is None
    assert run.events("approval.reminded", "approval.escalated") == []


def test_who_answered_in_time_is_heard(gated: Make) -> None:
    """The run came back only after its time was up; what was said before that counts."""
    run = gated({**NAMED, **TIMES})
    run.waits()
    run.at += timedelta(hours=2)
    run.pending, run.pending_at = run.says("sam")(run.asked[-1]), run.at - timedelta(hours=1)
    assert run.agree() is not None
    assert run.events("approval.expired") == []


def test_who_answered_too_late_is_not_heard(gated: Make) -> None:
    """The run comes back after the end of its gate, with an answer that was given after it as well."""
    run = gated({**NAMED, **TIMES})
    run.waits()
    run.at += timedelta(hours=2)
    run.pending = run.says("sam")(run.asked[-1])
    run.pending_at = run.at - timedelta(minutes=59)
    assert run.agree() is None
    assert run.counted() == [("sam", False)]
    said = "it came at 2026-11-25 13:01 UTC, and 'gate-1' had expired at 2026-11-25 13:00 UTC"
    assert run.bodies("approval.answered")[-1]["said"] == said
    assert [event.kind for event in run.events("approval.expired")] == ["approval.expired"]


def test_an_approval_is_as_old_as_its_answer(gated: Make) -> None:
    """Not as young as when the run came back to read it."""
    run = gated({**NAMED, "count": 2, "answers_expire": 3600})
    run.waits()
    run.pending, run.pending_at = run.says("sam")(run.asked[-1]), run.at
    run.at += timedelta(minutes=50)
    steps = [run.passes(minutes=10), run.says("priya"), run.says("sam")]
    assert run.agree(*steps) is not None
    (void,) = run.bodies("approval.void")
    assert void["approvers"] == ["sam"]


def test_an_approval_that_expired_is_asked_for_again(gated: Make) -> None:
    """Two are needed; the first is too old when the second comes, and the ledger says so."""
    run = gated({**NAMED, "count": 2, "answers_expire": 600})
    steps = [run.says("sam"), run.passes(minutes=10), run.says("priya"), run.says("sam")]
    assert run.agree(*steps) is not None
    (void,) = run.bodies("approval.void")
    assert (void["why"], void["approvers"], void["changed"]) == ("expired", ["sam"], [])
    assert void["said"] == "the approval of sam at 'gate-1' has expired at 2026-11-25 12:10 UTC"
    assert run.alarms[0] == ("approval-gate-1-2", run.at)


def told(run: Gated) -> list[tuple[str, int]]:
    """Give the questions that people are told of, each with the minute."""
    events, start = run.events(), run.events()[0].at
    return [
        (event.body["question"], (event.at - start).seconds // 60)
        for event in events
        if event.kind == "approval.asked" and occasions_of(event, events[0], events)
    ]


def test_people_are_told_of_what_is_asked_anew(gated: Make) -> None:
    """An approval expired, or the plan changed and changed back: whoever is asked again hears of it."""
    run = gated({**NAMED, "count": 2, "answers_expire": 600})
    before = run.planner.live

    def become(live: str) -> Callable[[], None]:
        return lambda: setattr(run.planner, "live", live)

    away = run.after(become("9-000000000000"), run.says("priya"))
    back = run.after(become(before), run.says("priya"))
    run.waits(run.says("sam"), run.passes(minutes=10), away, back)
    assert told(run) == [
        ("approval-gate-1-1", 0),
        ("approval-gate-1-2--2", 10),
        ("approval-gate-1-3", 10),
        ("approval-gate-1-4", 10),
    ]


def test_people_are_told_when_later_has_come(gated: Make) -> None:
    """Also where nobody is to be reminded; once."""
    run = gated(NAMED)
    run.waits(run.says("sam", "later", until="2h"), run.passes(hours=2), run.says("eve"))
    assert told(run) == [("approval-gate-1-1", 0), ("approval-gate-1-2--2", 120)]


def test_time_begins_anew_when_it_has_changed(gated: Make) -> None:
    """Who is shown something else has as long as before to read it."""
    run = gated({**NAMED, "expires_after": 3600})

    def change() -> None:
        run.planner.live = "9-000000000000"

    run.waits(run.after(change, run.passes(minutes=50)), run.passes(minutes=50))
    assert run.events("approval.expired") == []
    assert run.bodies("approval.void")[0]["approvers"] == []


def test_nobody_is_asked_once_traffic_has_moved(gated: Make) -> None:
    """What has been begun is carried out or undone, whatever has changed since."""
    run = gated(NAMED)
    plan = run.agree(run.says("sam"))
    place = {"application": "shop", "environment": "production", "target": "web", "host": "a"}
    run.run.record(
        "host.live", {**place, "version": "2", "release_name": "2-ab", "digest": "ab", "commit": None}
    )
    run.planner.live = "9-000000000000"
    assert run.agree() is not None
    assert run.bodies("approval.void") == []
    assert plan is not None


def test_gates_are_passed_in_order_and_all_fall_together(gated: Make) -> None:
    """Something changes while the second gate is asked: the first one is asked again too."""
    run = gated({"approvers": ["sam"]}, {"approvers": ["priya"]})

    def change() -> None:
        run.planner.live = "9-000000000000"

    steps = [run.says("sam"), run.after(change, run.says("priya")), run.says("sam"), run.says("priya")]
    assert run.agree(*steps) is not None
    assert run.counted() == [("sam", True), ("priya", False), ("sam", True), ("priya", True)]
    assert [(body["gate"], body["approvers"]) for body in run.bodies("approval.void")] == [
        ("gate-1", ["sam"]),
        ("gate-2", []),
    ]


def test_one_person_counts_once_in_all_gates(gated: Make) -> None:
    """Who has agreed at the first gate does not at the second; they learn why, and who may is told."""
    run = gated({}, {"count": 2})
    steps = [run.says(who) for who in ("sam", " SAM", "priya", "sam", "eve")]
    assert run.agree(*steps) is not None
    assert run.counted() == [
        ("sam", True),
        ("SAM", False),
        ("priya", True),
        ("sam", False),
        ("eve", True),
    ]
    assert run.bodies("approval.answered")[1]["said"] == (
        "'SAM' has approved at 'gate-1' already: one person counts once in all gates; ask somebody else"
    )
    assert [body["from"] for body in run.bodies("approval.asked")[1:3]] == ["anybody but sam and robin"] * 2


def test_whoever_counted_elsewhere_may_still_say_no(gated: Make) -> None:
    """Only their approval does not count twice."""
    run = gated({}, {})
    assert run.agree(run.says("sam"), run.says("sam", "reject", comment="a fault was found")) is None
    assert declined(run.run) == "rejected"


def test_who_is_needed_at_another_gate_does_not_count_here(gated: Make) -> None:
    """Else nobody would be left there, and it would wait for good."""
    run = gated({"approvers": ["sam", "priya"]}, {"approvers": ["sam"]})
    assert run.agree(run.says("sam"), run.says("priya"), run.says("sam")) is not None
    assert run.counted() == [("sam", False), ("priya", True), ("sam", True)]
    assert run.bodies("approval.asked")[0]["from"] == "priya"
    assert run.bodies("approval.answered")[0]["said"] == (
        "'sam' is needed at 'gate-2': one person counts once in all gates; ask one of the other approvers"
    )


def test_what_fell_at_one_gate_counts_at_another(gated: Make) -> None:
    """Who agreed to what is not so any more is not spoken for."""
    run = gated({"approvers": ["sam", "priya"]}, {"approvers": ["sam", "priya"]})

    def change() -> None:
        run.planner.live = "9-000000000000"

    assert run.agree(
        run.says("sam"), run.after(change, run.says("priya")), run.says("priya"), run.says("sam")
    )
    assert run.counted() == [("sam", True), ("priya", False), ("priya", True), ("sam", True)]


def test_the_second_person_of_an_emergency_counts_once_as_well(gated: Make) -> None:
    """They have stood in for the gates that are skipped, and open none of those that hold."""
    run = gated({}, {})
    here = run.run.file.environments[0].model_copy(update={"emergency": BreakGlass()})
    run.run.file = run.run.file.model_copy(update={"environments": (here,)})
    fire = Emergency(skip=("gate-1",), reason="the shop is down")
    run.run.why = run.run.why.model_copy(update={"emergency": fire})
    assert run.agree(run.says("sam"), run.says("sam"), run.says("priya")) is not None
    assert run.counted() == [("sam", True), ("sam", False), ("priya", True)]
    assert "has approved at 'emergency' already" in run.bodies("approval.answered")[1]["said"]


def test_a_calendar_that_cannot_be_read_voids_nothing(gated: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release is held until it can be read; then what was answered counts as before."""
    run = gated({"approvals": [{"group": "ops", "count": 2}]}, signed=True)
    run.waits(run.signs("olga", "ops"))
    with monkeypatch.context() as unread:
        unread.setattr(hold, "rules_now", lambda run, at: Rules(unread=(Unread(said="x", owner="pam"),)))
        unread.setattr(hold, "wake_at", lambda run, key, at: None)
        unread.setattr(hold, "wait_until_woken", _held)
        unread.setattr(subject, "window_digest", lambda run: "what is left of the rules")
        with pytest.raises(Held):
            run.agree()
    assert run.bodies("release.held")[-1]["on"] == "pam"
    assert run.agree(run.signs("otto", "ops")) is not None
    assert run.bodies("approval.void") == []


def test_who_agreed_before_a_hold_is_asked_again_when_it_has_changed(
    gated: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the process of the run waits in its place, and does not begin anew."""
    run = gated(NAMED)

    def hold(held: Any, place: str) -> bool:
        waits.append(place)
        run.planner.live = "9-000000000000"
        return len(waits) == 1

    waits: list[str] = []
    monkeypatch.setattr(approval, "hold", hold)
    assert run.agree(run.says("sam"), run.says("priya")) is not None
    assert waits == ["go-live", "go-live"]
    (void,) = run.bodies("approval.void")
    assert (void["approvers"], void["why"]) == (["sam"], "changed")
    assert run.counted() == [("sam", True), ("priya", True)]


class Held(Exception):
    """The run is suspended."""


def _held(*said: Any) -> None:
    raise Held
