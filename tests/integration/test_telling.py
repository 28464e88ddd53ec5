"""People and programs are told what happens, over real SMTP and HTTP, and nobody waits for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun

from blocks.notices import AppriseAddress
from examples.ports import free_port
from sendoff.webhooks import sign

Stack = Any  # the classes stand in conftest.py, which tests do not import
SECRET = "what both sides know"
GATE = {"kind": "approval", "name": "owner", "approvers": ["sam"], "expires_after": "1d"}

pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect-agreement"), pytest.mark.timeout(2400)]


def fill_in_secret(stack: Stack, application: str) -> None:
    """Do as an operator would in the UI."""
    kind = "sendoff-release-secrets"
    block = stack.client.read_block_document_by_name(application, kind)
    stack.client.update_block_document(block.id, BlockDocumentUpdate(data={"values": {"HOOK": SECRET}}))


def tells(stack: Stack, run: str, kind: str) -> list[FlowRun]:
    """Find the runs that tell of a kind of event of a release."""
    named = FlowRunFilter(name=FlowRunFilterName(any_=[f"tell of {kind}"]))
    found = stack.client.read_flow_runs(flow_run_filter=named, limit=200)
    return [each for each in found if each.parameters["release"] == run]


def test_all_are_told(
    stack: Stack, application: Callable[..., Any], mailbox: Any, receiver: Any, eventually: Callable[..., Any]
) -> None:
    """People get a mail with link, brief and deadline, a program signed JSON; each of each event once."""
    AppriseAddress(url=mailbox.url).save("told-team", overwrite=True, _sync=True)
    people = {"name": "team", "block": "sendoff-notification-address/told-team"}
    program = {
        "name": "register",
        "webhook": receiver.address,
        "secret": "HOOK",
        "events": ["started", "live"],
    }
    app = application(gates=[GATE], top={"notify": [people]}, environment={"notify": [program]})
    assert not any("MISSING" in line and "told-team" in line for line in stack.register())
    fill_in_secret(stack, app.name)
    receiver.answers = [500, (429, {"Retry-After": "1"}), 200]

    run = stack.start("release", app.what("1"))
    stack.wait_for(run, "Suspended")
    eventually(lambda: any("approval needed: owner" in mail["Subject"] for mail in mailbox.got), "a mail")
    asked = next(text for text in mailbox.texts() if "Answer here" in text)
    link = f"{stack.workspace.ui}/runs/flow-run/{run}"
    assert link in asked.replace("=\n", "").replace("\n", " ")
    assert "Customers see something new" in asked
    assert "Answer here, until 20" in asked
    stack.approve(run, "sam", "Live")

    eventually(lambda: len(stack.events(run, "told")) == 5, "all are told")
    told = Counter((event.body["channel"], event.body["of"]) for event in stack.events(run, "told"))
    assert told == {
        ("team", "release.created"): 1,
        ("team", "approval.asked"): 1,
        ("team", "release.ended"): 1,
        ("register", "release.created"): 1,
        ("register", "release.ended"): 1,
    }
    assert {mail["Subject"].rpartition(": ")[2] for mail in mailbox.got} == {"started", "owner", "live"}
    taken = receiver.got[2:]
    for headers, body in taken:
        assert headers["Sendoff-Signature"] == f"sha256={sign(SECRET, headers['Sendoff-Timestamp'], body)}"
    assert {each["occasion"] for each in receiver.bodies()[2:]} == {"started", "live"}
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.got}) == 2
    assert stack.events(run, "not_told") == []
    for each in (run, *(str(tell.id) for tell in tells(stack, run, "release.created"))):
        assert SECRET not in stack.logs(each)
    app.stack.assert_settled(app.name)


def test_nobody_waits_for_who_cannot_be_told(
    stack: Stack,
    application: Callable[..., Any],
    receiver: Any,
    eventually: Callable[..., Any],
) -> None:
    """One does not listen, one never answers: the release goes live, and they are told later."""
    receiver.answers = ["slow"]
    down = {"name": "down", "webhook": f"http://127.0.0.1:{free_port()}/", "secret": "HOOK"}
    slow = {"name": "slow", "webhook": receiver.address, "secret": "HOOK", "events": ["live"]}
    missing = {"name": "missing", "block": "slack-webhook/nobody-made-it", "events": ["live"]}
    app = application(top={"notify": [down, slow, missing]})
    assert any(line.startswith("MISSING block slack-webhook/nobody-made-it") for line in stack.register())
    fill_in_secret(stack, app.name)

    run, _ = stack.tell("release", app.what("1"), "Live")
    assert stack.end(run) == "live"
    assert app.live == ["1", "1"]

    def later() -> list[FlowRun]:
        return [each for each in tells(stack, run, "release.ended") if each.parameters["tried"] == 1]

    (again,) = eventually(later, "another round is set for later")
    assert again.state is not None
    assert again.state.is_scheduled()
    assert stack.events(run, "told", "not_told") == []
    receiver.release.set()
    app.stack.assert_settled(app.name)
