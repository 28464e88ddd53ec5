"""A run that waits can be answered, and an answer that Prefect has taken counts, whatever died when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.exceptions import Abort
from prefect.input import RunInput
from prefect.states import Running, Scheduled, Suspended

from sendoff.errors import Fenced
from sendoff.spec.models import Approval
from tasks import asking as module
from tasks.approval_form import form
from tasks.asking import Form, Given, answer_to, resumed_at, wait_until_woken

FORM = form(Form, Approval(kind="approval", name="owner", approvers=("sam",)), "c0de", "the brief")
KEY = "approval-owner-1"
NIGHT = datetime(2026, 3, 2, 2, tzinfo=UTC)
SAID = {"decision": "approve", "approver": "sam", "comment": "go", "until": "", "code": "c0de"}


class Waits(Exception):
    """The run waits."""


class Server:
    """What Prefect keeps of a run: its inputs, under which keys it has waited, and when it was resumed."""

    def __init__(self) -> None:
        self.inputs: dict[str, Any] = {}
        self.seen: set[str] = set()
        self.resumed: dict[str, datetime] = {}
        self.waits: list[str] = []

    def get(self, name: str) -> Any:
        return self.inputs.get(name)

    def remove(self, name: str) -> None:
        del self.inputs[name]

    def save(self, keyset: Any, flow_run_id: Any = None) -> None:
        for name in (keyset["schema"], keyset["description"]):
            assert name not in self.inputs, "Prefect keeps one input under a key"
            self.inputs[name] = "new"

    def suspend(self, wait_for_input: type[Form], key: str, message: str, after: Any) -> None:
        assert key not in self.seen, "Prefect suspends no run twice under one key"
        assert f"suspended-{key}-schema" in self.inputs, "nobody could answer"
        self.seen.add(key)
        if after:
            after()
        self.waits.append(key)
        raise Waits


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    kept = Server()
    monkeypatch.setattr(module, "this_run", lambda: SimpleNamespace(id=uuid4(), deployment_id=uuid4()))
    monkeypatch.setattr(module, "_seen", lambda run: kept.seen)
    monkeypatch.setattr(module, "_resumed_at", kept.resumed.get)
    monkeypatch.setattr(module, "read_flow_run_input", kept.get)
    monkeypatch.setattr(module, "delete_flow_run_input", kept.remove)
    monkeypatch.setattr(module, "suspend_flow_run", kept.suspend)
    monkeypatch.setattr(RunInput, "save", classmethod(lambda cls, *words: kept.save(*words)))
    return kept


def test_form_is_there_before_the_run_waits(server: Server) -> None:
    """A process that dies right after it has suspended its run leaves one that can be answered."""
    told: list[str] = []
    with pytest.raises(Waits):
        answer_to(FORM, KEY, told.append)
    assert (server.waits, told) == ([KEY], [KEY])


def test_told_once_it_waits(server: Server) -> None:
    """What is done then is done before the process ends, and knows under which key the run waits."""
    told: list[tuple[str, bool]] = []
    with pytest.raises(Waits):
        answer_to(FORM, KEY, after=lambda key: told.append((key, key in server.seen)))
    assert told == [(KEY, True)]


def test_answer_is_taken(server: Server) -> None:
    """Nobody is asked again for what they have answered, and nothing is prepared for that."""
    server.seen, server.inputs[f"suspended-{KEY}-response"] = {KEY}, SAID
    server.resumed[KEY] = NIGHT
    assert answer_to(FORM, KEY, lambda key: pytest.fail("asked again")) == Given(SAID, SAID, KEY, NIGHT)


def test_form_of_a_dead_process_is_replaced(server: Server) -> None:
    """What is left of a form that was never shown makes room for the next, and no other is touched."""
    other = {"suspended-approval-owner-2-schema": "other"}
    server.inputs = {f"suspended-{KEY}-schema": "old", f"suspended-{KEY}-description": "old"} | other
    with pytest.raises(Waits):
        answer_to(FORM, KEY)
    new = {f"suspended-{KEY}-schema": "new", f"suspended-{KEY}-description": "new"}
    assert server.inputs == new | other


@given(order=st.permutations(range(7)))
def test_when_it_was_answered(order: list[int]) -> None:
    """When the server took it: not when the process came back, nor when another question was answered."""
    hour = timedelta(hours=1)
    states = [
        Running(timestamp=NIGHT),
        Suspended(timestamp=NIGHT + hour, pause_key="approval-security-1"),
        Scheduled(timestamp=NIGHT + 2 * hour),
        Suspended(timestamp=NIGHT + 3 * hour, pause_key=KEY),
        Suspended(timestamp=NIGHT + 4 * hour, pause_key=KEY),
        Scheduled(timestamp=NIGHT + 5 * hour),
        Running(timestamp=NIGHT + 9 * hour),
    ]
    assert resumed_at([states[each] for each in order], KEY) == NIGHT + 5 * hour
    assert resumed_at(states[:5], KEY) is None
    assert resumed_at(states, "never asked") is None


def test_asked_anew_after_a_death(server: Server) -> None:
    """A run whose process died after it had asked waits again, under the next key each time."""
    for key in (KEY, f"{KEY}--2", f"{KEY}--3"):
        told: list[str] = []
        with pytest.raises(Waits):
            answer_to(FORM, KEY, told.append)
        assert told == [key]
    server.inputs[f"suspended-{KEY}--3-response"] = SAID
    assert answer_to(FORM, KEY) == Given(SAID, SAID, f"{KEY}--3")


def test_what_was_left_empty(server: Server) -> None:
    """Fields that were left empty have their defaults; what was said is kept as it came, for its stamp."""
    server.seen = {KEY}
    said = {"decision": "approve", "approver": "sam"}
    server.inputs[f"suspended-{KEY}-response"] = said
    assert answer_to(FORM, KEY) == Given({**said, "comment": "", "until": "", "code": "c0de"}, said, KEY)


def test_taken_for_dead(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that was away believes a living run dead: another process asks, so this one may not."""

    def aborted(**words: Any) -> None:
        raise Abort("Run is already in terminal state CRASHED.")

    monkeypatch.setattr(module, "suspend_flow_run", aborted)
    with pytest.raises(Fenced, match="terminal state CRASHED"):
        answer_to(FORM, KEY)


def test_run_by_hand_waits_where_it_is(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a deployment nothing could start it again; it may be woken before anybody has answered."""
    answers = [SAID]

    def paused(key: str, wait_for_input: type[Form], message: str, timeout: int) -> None:
        assert f"paused-{key}-schema" in server.inputs
        server.inputs |= {f"paused-{key}-response": answers.pop()} if answers else {}

    monkeypatch.setattr(module, "this_run", lambda: SimpleNamespace(id=uuid4(), deployment_id=None))
    monkeypatch.setattr(module, "pause_flow_run", paused)
    assert answer_to(FORM, KEY) == Given(SAID, SAID, KEY)
    assert answer_to(FORM, "approval-owner-2") is None


def test_waits_without_a_question(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is woken under a key of its own each time, and says why it waits."""
    said: list[tuple[str, str]] = []

    def suspended(key: str, message: str, after: Any) -> None:
        said.append((key, message))
        server.seen.add(key)
        after()
        raise Waits

    monkeypatch.setattr(module, "suspend_flow_run", suspended)
    told: list[str] = []
    for _ in range(2):
        with pytest.raises(Waits):
            wait_until_woken("hold-deploy-1", told.append, "it waits", told.append)
    assert said == [("hold-deploy-1", "it waits"), ("hold-deploy-1--2", "it waits")]
    assert told == ["hold-deploy-1", "hold-deploy-1", "hold-deploy-1--2", "hold-deploy-1--2"]


def test_run_by_hand_waits_without_a_question(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on where it is once it is woken."""
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(module, "this_run", lambda: SimpleNamespace(id=uuid4(), deployment_id=None))
    monkeypatch.setattr(module, "pause_flow_run", lambda key, message, timeout: said.append((key, message)))
    wait_until_woken("hold-deploy-1", lambda key: None, "it waits")
    assert said == [("hold-deploy-1", "it waits")]
