"""Answers from a terminal: each to what was asked, and to a run that waits."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Running, Suspended

from deployments.answer import answer

APPROVAL = {"decision": "approve", "approver": "sam", "comment": ""}
OVERRIDE = {"decision": "ship anyway", "who": "ops", "comment": "it burns"}
DECISION = {"decision": "retry", "who": "ada", "comment": ""}


class Client:
    """Takes every answer, and remembers it."""

    def __init__(self, *asks: str) -> None:
        self.asks = asks
        self.taken: list[dict[str, Any]] = []

    def read_flow_run_input(self, run: str, key: str) -> str:
        return json.dumps({"properties": {name: {} for name in (*self.asks, "decision", "comment")}})

    def resume_flow_run(self, run: str, run_input: dict[str, Any]) -> Any:
        self.taken.append(run_input)
        return SimpleNamespace(status=SetStateStatus.ACCEPT)


def waits(key: str) -> Any:
    state = Suspended(pause_key=key)
    state.state_details.run_input_keyset = {"schema": f"{key}-schema", "response": "", "description": ""}
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
