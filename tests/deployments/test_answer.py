"""Answers from a terminal: each to what was asked, and to a run that waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Completed, Running, Suspended

from deployments.answer import answer, find, main, outdated
from deployments.asked import asked
from sendoff.errors import PolicyRefused

CODE = "c0dec0de"
APPROVAL = {"decision": "approve", "approver": "sam", "comment": ""}
OVERRIDE = {"decision": "ship anyway", "who": "ops", "comment": "it burns"}
DECISION = {"decision": "retry", "who": "ada", "comment": ""}


class Client:
    """Takes every answer, and remembers it."""

    def __init__(self, *asks: str) -> None:
        self.asks = asks
        self.taken: list[dict[str, Any]] = []

    def read_flow_run_input(self, run: str, key: str) -> str:
        if key == "what":
            return json.dumps("## What changes")
        fields = {name: {} for name in (*self.asks, "decision", "comment")}
        return json.dumps({"properties": fields | ({"code": {"default": CODE}} if "code" in fields else {})})

    def resume_flow_run(self, run: str, run_input: dict[str, Any]) -> Any:
        self.taken.append(run_input)
        return SimpleNamespace(status=SetStateStatus.ACCEPT)


def waits(key: str) -> Any:
    state = Suspended(pause_key=key)
    state.state_details.run_input_keyset = {"schema": f"{key}-schema", "response": "", "description": "what"}
    return state


def run(state: Any) -> Any:
    return SimpleNamespace(id="r1", name="shop 2 to production", state=state, state_name=state.name)


@pytest.mark.parametrize(
    ("key", "given"),
    [("approval-owner-1", APPROVAL), ("trouble-go-live-2-1-1", DECISION), ("hold-deploy-1", OVERRIDE)],
    ids=["approval", "trouble", "hold"],
)
def test_what_was_asked_is_answered(key: str, given: dict[str, str]) -> None:
    """The answer goes to the run as it was given."""
    client: Any = Client(*given)
    assert answer(client, run(waits(key)), given) is None
    assert client.taken == [given]


@pytest.mark.parametrize(
    ("key", "given"),
    [("approval-owner-1", APPROVAL), ("trouble-go-live-2-1-1", DECISION)],
    ids=["approval", "trouble"],
)
def test_nobody_is_named_where_people_sign_in(key: str, given: dict[str, str]) -> None:
    """A form that does not ask who answers gets no name; one that asks needs it."""
    nameless = {name: "" if name in ("approver", "who") else value for name, value in given.items()}
    client: Any = Client()
    assert answer(client, run(waits(key)), nameless) is None
    assert client.taken == [{"decision": given["decision"], "comment": ""}]
    asking: Any = Client(*given)
    refused = answer(asking, run(waits(key)), nameless)
    assert refused == "shop 2 to production: nobody is named, expected who answers; say so with --as"
    assert asking.taken == []


def test_what_was_not_said_is_not_sent() -> None:
    """An empty code would be another one than that of the form."""
    client: Any = Client(*APPROVAL, "group", "until", "code")
    given = {**APPROVAL, "group": "", "until": "", "code": ""}
    assert answer(client, run(waits("approval-owner-1")), given) is None
    assert client.taken == [APPROVAL]


def test_the_group_is_left_out_where_the_server_knows() -> None:
    """A form made where people sign in asks for no group, and would refuse one."""
    client: Any = Client("stamp", "until", "code")
    given = {**APPROVAL, "group": "ops", "until": "2h", "code": "c0dec0de"}
    assert answer(client, run(waits("approval-owner-1")), given) is None
    assert client.taken == [{"decision": "approve", "comment": "", "until": "2h", "code": "c0dec0de"}]


@pytest.mark.parametrize(
    ("key", "given", "use"),
    [
        ("approval-owner-1", DECISION, "sendoff approve"),
        ("trouble-deploy-1-1", APPROVAL, "sendoff answer"),
        ("trouble-deploy-1-1", OVERRIDE, "sendoff answer"),
        ("hold-deploy-1", APPROVAL, "sendoff answer"),
    ],
    ids=["approval", "trouble", "override", "hold"],
)
def test_the_other_command_is_named(key: str, given: dict[str, str], use: str) -> None:
    """Who answers what was not asked is told which command does it, and nothing is sent."""
    client: Any = Client()
    refused = answer(client, run(Suspended(pause_key=key)), given)
    assert refused == f"shop 2 to production: waits for an answer to something else; use `{use}`"
    assert client.taken == []


def test_a_run_that_does_not_wait_is_not_answered() -> None:
    """It says what the run does instead."""
    client: Any = Client()
    refused = answer(client, run(Running()), DECISION)
    assert refused == "shop 2 to production: is Running, expected a run that waits for an answer"


class Server(Client):
    """Knows runs, by the order in which they were expected to start."""

    def __init__(self, *runs: Any) -> None:
        super().__init__("code")
        self.runs = runs

    def read_flow_runs(self, flow_run_filter: FlowRunFilter, limit: int, **sort: Any) -> list[Any]:
        assert flow_run_filter.name is not None
        named = [each for each in self.runs if each.name in (flow_run_filter.name.any_ or [])]
        waits_only = flow_run_filter.state is not None
        return [each for each in named if each.state.is_paused() or not waits_only][:limit]


def test_a_name_is_of_the_run_that_waits() -> None:
    """Else of the newest; an answer by name is for one run."""
    over, older, waiting = run(Completed()), run(Completed()), run(waits("approval-owner-1"))
    server: Any = Server(over, older, waiting)
    assert find(server, "shop 2 to production") is waiting
    server = Server(over, older)
    assert find(server, "shop 2 to production") is over
    with pytest.raises(PolicyRefused, match="shop 3: no such run here"):
        find(server, "shop 3")


def test_a_name_of_two_that_wait_is_refused() -> None:
    """Nobody can tell which of them is meant; both are named."""
    two = [SimpleNamespace(**{**vars(run(waits("approval-owner-1"))), "id": name}) for name in ("r2", "r1")]
    server: Any = Server(run(Running()), *two)
    with pytest.raises(
        PolicyRefused, match=r"is the name of r1 and r2, which all wait, .* name it by its id"
    ):
        find(server, "shop 2 to production")


def test_what_is_shown_can_be_read_first() -> None:
    """The text above the form, and its code; only where an approval is asked for."""
    server: Any = Server()
    assert asked(server, run(waits("approval-owner-1"))) == {
        "run": "r1",
        "name": "shop 2 to production",
        "text": "## What changes",
        "code": CODE,
    }
    for other in (waits("trouble-deploy-1-1"), Running()):
        with pytest.raises(PolicyRefused, match=r"expected a run that waits|use `sendoff answer`"):
            asked(server, run(other))


def test_an_old_code_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is sent for what has changed since it was read."""
    server: Any = Server(run(waits("approval-owner-1")))

    @contextmanager
    def client(**_: Any) -> Iterator[Any]:
        yield server

    monkeypatch.setattr("deployments.answer.get_client", client)
    assert outdated(server, server.runs[0], {"decision": "approve"}) is None
    given = {"decision": "approve", "approver": "sam", "comment": ""}
    assert main("shop 2 to production", json.dumps({**given, "code": "0badc0de"})) == 1
    assert "shows the code c0dec0de now, expected 0badc0de; read it again" in capsys.readouterr().err
    assert server.taken == []
    assert main("shop 2 to production", json.dumps({**given, "code": CODE})) == 0
    assert capsys.readouterr().out == "shop 2 to production: answered\n"
    assert [each["code"] for each in server.taken] == [CODE]
