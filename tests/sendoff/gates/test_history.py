"""What has happened at a gate is read from its events, and from no other's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sendoff.gates import Subject
from sendoff.gates.history import History
from sendoff.ledger.models import Event
from sendoff.spec.models import Approval

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
GATE = Approval(kind="approval", name="go")
ONE = Subject(artifact="a", configuration="c", plan="p", intent="i", window="w")
TWO = ONE.model_copy(update={"plan": "q"})
Told = tuple[str, dict[str, Any]]


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def history(*told: Told, gate: str = "go") -> History:
    events = [
        Event(
            number=number,
            release="r",
            at=at(number),
            actor="a",
            kind=kind,
            body={"gate": gate, **body},
            previous_hash="",
            hash="",
        )
        for number, (kind, body) in enumerate(told)
    ]
    return History.of(GATE, events)


def asked(number: int = 1, subject: Subject = ONE) -> Told:
    return "approval.asked", {"question": f"approval-go-{number}", "subject": subject.model_dump()}


def answered(number: int = 1, subject: Subject | None = ONE, **more: Any) -> Told:
    body = {
        "approver": "sam",
        "groups": [],
        "decision": "approve",
        "comment": "",
        "until": "",
        "code": "",
        "question": f"approval-go-{number}",
        "escalated": False,
        "proved": False,
        "nonce": "",
        "subject": subject.model_dump() if subject else None,
        "counted": True,
        "missing": 1,
        "said": "sam said it",
    }
    return "approval.answered", {**body, **more}


def refused(question: str = "approval-go-1") -> Told:
    return "stamp.refused", {"question": question, "said": "forged"}


def void(*questions: str) -> Told:
    return "approval.void", {"answers": list(questions), "said": "it has changed"}


def test_nothing_has_happened() -> None:
    """The first question is number 1, and it waits from now on."""
    empty = history()
    assert (empty.key, empty.asked, empty.uncounted, empty.fallen, empty.is_over) == (
        "approval-go-1",
        None,
        None,
        "",
        False,
    )
    assert empty.wait(at(7)).since == at(7)


def test_other_gates_are_no_part_of_it() -> None:
    """Nor is what has no gate."""
    assert history(asked(), answered(), gate="go-1").events == ()
    assert history(("host.live", {})).events == ()


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ([asked()], 1),
        ([asked(), answered()], 2),
        ([asked(), refused()], 2),
        ([asked(), refused(), refused()], 2),
        ([refused("approval-go-1--3")], 2),
        ([refused("approval-go-1-1"), refused("trouble-go-1"), refused("")], 1),
        ([asked(), answered(), void("approval-go-1")], 2),
        ([asked(), ("approval.reminded", {}), asked()], 1),
    ],
)
def test_each_answer_ends_a_question(told: list[Told], number: int) -> None:
    """Also one that was refused; being asked again does not."""
    assert history(*told).number == number


def test_what_fell_or_never_counted_stays_so() -> None:
    """Each answer says why it counts no more."""
    known = history(
        asked(), answered(1), answered(2, counted=False, said="no"), answered(3), void("approval-go-1")
    )
    assert [each.fell for each in known.answers] == ["it has changed", "no", ""]
    assert [each.question for each in known.standing] == ["approval-go-3"]


def test_a_question_is_of_what_was_shown_last() -> None:
    """A process that died before anybody saw it has written down what it would have asked."""
    known = history(asked(1, ONE), asked(1, TWO), asked(2, ONE))
    assert (known.shown("approval-go-1"), known.shown("approval-go-9")) == (TWO, None)
    assert known.asked == ONE
    assert history(asked(), void()).asked is None


@pytest.mark.parametrize(
    ("told", "note", "fallen"),
    [
        ([asked(), answered(counted=False)], "sam said it", ""),
        ([asked(), answered()], "", ""),
        ([asked(), refused()], "forged", ""),
        ([asked(), void(), answered(counted=False)], "sam said it", "it has changed"),
        ([asked(), void(), asked()], "", ""),
    ],
)
def test_what_people_are_told(told: list[Told], note: str, fallen: str) -> None:
    """Why the last answer did not count, and what has fallen since they were asked."""
    known = history(*told)
    uncounted = known.uncounted
    assert (uncounted.why if uncounted else "", known.fallen) == (note, fallen)


def test_whose_answer_did_not_count() -> None:
    """As far as it is known."""
    last = [
        history(asked(), answered(counted=False)).uncounted,
        history(asked(), refused()).uncounted,
        history(asked(), ("stamp.refused", {**refused()[1], "who": "bob"})).uncounted,
    ]
    assert [(each.who, each.at) for each in last if each] == [("sam", at(1)), ("", at(1)), ("bob", at(1))]
    assert [each.why for each in history(refused(), refused(), answered()).refusals] == ["forged", "forged"]


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ([asked(), asked()], 0),
        ([asked(), answered(), asked(2)], 0),
        ([asked(), void(), asked()], 2),
        ([asked(), answered(missing=0), asked(2)], 2),
        ([asked(), answered(missing=0), void("approval-go-1"), asked(2)], 3),
    ],
)
def test_since_when_it_waits(told: list[Told], since: int) -> None:
    """From the first question of what it is about now; it begins anew when enough had agreed before."""
    assert history(*told).wait(at(99)).since == at(since)


def test_what_was_done_about_waiting() -> None:
    """Only of this wait: what was asked anew has not been reminded of."""
    told = [asked(), ("approval.reminded", {}), ("approval.escalated", {})]
    wait = history(*told).wait(at(99))
    assert (wait.reminded, wait.escalated) == (True, True)
    anew = history(*told, void(), asked()).wait(at(99))
    assert (anew.reminded, anew.escalated) == (False, False)


def test_until_when_it_is_put_off() -> None:
    """The last that counted says."""
    later = {"decision": "later", "until": at(60).isoformat()}
    told = [asked(), answered(**later), answered(2, **{**later, "until": "soon", "counted": False})]
    assert history(*told).wait(at(99)).later == at(60)
    assert history(*told, void(), asked()).wait(at(99)).later is None


@pytest.mark.parametrize(
    ("told", "is_over", "has_expired"),
    [
        ([asked(), answered(decision="reject")], True, False),
        ([asked(), answered(decision="reject", counted=False)], False, False),
        ([asked(), ("approval.expired", {})], True, True),
    ],
)
def test_some_things_are_final(told: list[Told], is_over: bool, has_expired: bool) -> None:
    """A rejection that counted, and that nobody answered in time."""
    known = history(*told)
    assert (known.is_over, known.has_expired) == (is_over, has_expired)
