"""Releases through the server that people sign in to, by a worker with an account of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websockets

from sendoff.signers import START_LABEL

SignedIn = Any  # the class stands in conftest.py, which tests do not import
Make = Callable[..., Any]
SENDOFF = str(Path(sys.executable).with_name("sendoff"))
WARM = """\
mkdir out
cat >out/warm-up <<'END'
test -e ../../shared/cache-$1 || { echo 'no answer'; exit 1; }
END
"""
pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("signed-in"), pytest.mark.timeout(2400)]


def started(answer: Any) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def told(server: SignedIn, run: str, kind: str) -> list[Any]:
    return list(server.stack.events(run, kind))


def test_a_release_is_of_whoever_signed_in(server: SignedIn, signed_application: Make) -> None:
    """From start to live: the worker and its processes have rights enough, and the person is proved."""
    app = signed_application()
    run = started(server["rob"].start("release", app.what("1")))
    server.stack.wait_for(run, "Live")
    (created,) = told(server, run, "release.created")
    assert (created.actor, created.body["why"]["requested_by"], created.body["proved"]) == (
        "rob",
        "rob",
        True,
    )
    assert "rob (signed in)" in server.stack.report(run)
    assert server.stack.run(run).created_by.display_value == "rob"
    assert app.live == ["1", "1"]
    server.stack.assert_settled(app.name)


def test_what_has_no_stamp_is_refused(server: SignedIn, signed_application: Make) -> None:
    """A start by the worker's account, with none or a copied stamp, changes nothing and is written down."""
    app = signed_application()
    mine = started(server["rob"].start("deploy", app.what("1")))
    server.stack.wait_for(mine, "Done")
    worker, first = server["worker-1"], server.stack.run(mine)
    copied = {"parameters": first.parameters, "labels": {START_LABEL: first.labels[START_LABEL]}}
    deployment = f"/deployments/{first.deployment_id}/create_flow_run"
    for body, said in (({"parameters": first.parameters}, "has no stamp"), (copied, "was used before")):
        run = started(worker.ask("POST", deployment, json=body))
        state = server.stack.wait_for(run, "Refused")
        assert said in state.message
        assert told(server, run, "release.created") == []
        assert said in told(server, run, "stamp.refused")[0].body["said"]


def test_what_broke_is_answered_by_a_releaser(
    server: SignedIn, signed_application: Make, eventually: Make
) -> None:
    """A group may not, and an answer that the worker's account gives is nobody's; both leave it waiting."""
    target = {"commands": {"before": [["sh", "warm-up", "{version}"]]}}
    app = signed_application(target=target, script=WARM)
    run = started(server["rob"].start("release", app.what("1")))
    state = server.stack.wait_for(run, "Suspended")
    assert "who" not in json.loads(_form(server, "rob", run, state)).get("properties", {})
    refused = server["pam"].answer(run, decision="stop here", comment="")
    assert (refused.status_code, "expected a releaser" in refused.json()["detail"]) == (403, True)
    worker = server["worker-1"].answer(run, decision="stop here", comment="", stamp="forged")
    assert worker.json()["status"] == "ACCEPT"
    eventually(
        lambda: told(server, run, "trouble.answered") and server.stack.state(run).is_paused(), "asked again"
    )
    forged = told(server, run, "trouble.answered")[0].body
    assert (forged["who"], forged["counted"], forged["proved"]) == ("", False, False)
    for host in ("a", "b"):
        shared = app.on(host).path / "shared"
        shared.mkdir(parents=True, exist_ok=True)
        (shared / "cache-1").touch()
    answer = server["rob"].answer(run, decision="retry", comment="the cache is back")
    assert answer.json().get("status") == "ACCEPT", answer.text
    server.stack.wait_for(run, "Live")
    last = told(server, run, "trouble.answered")[-1]
    assert (last.actor, last.body["who"], last.body["proved"]) == ("rob", "rob", True)


def test_a_cancel_says_who(server: SignedIn, signed_application: Make, eventually: Make) -> None:
    """A run that waits is cancelled by a releaser, not by a viewer; its state and the ledger name them."""
    target = {"commands": {"before": [["sh", "warm-up", "{version}"]]}}
    app = signed_application(target=target, script=WARM)
    run = started(server["rob"].start("release", app.what("1")))
    server.stack.wait_for(run, "Suspended")
    assert server["vera"].cancel(run).status_code == 403
    assert server["rob"].cancel(run).status_code in (200, 201)
    server.stack.wait_for(run, "Cancelled", "Suspended", "Cancelling")
    eventually(lambda: told(server, run, "release.ended"), "its end")
    (ended,) = told(server, run, "release.ended")
    assert ended.body["said"].startswith("rob cancelled it; ")
    server.stack.assert_settled(app.name)


def test_an_unlock_says_who(server: SignedIn, signed_application: Make) -> None:
    """The command line asks the server who is at the terminal; a viewer frees nothing."""
    app = signed_application()
    place = f"{app.name}/production"
    server.stack.ledger.take_lease(place, "r1", "eve", "release 1")

    def unlock(who: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, **server.stack.environ, "PREFECT_API_AUTH_STRING": server[who].credentials}
        command = (SENDOFF, "unlock", place, "--reason", "its worker is gone")
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    refused = unlock("vera")
    assert (refused.returncode, "vera may not" in refused.stderr) == (1, True)
    assert unlock("rob").returncode == 0
    (given_back,) = told(server, "r1", "lease.given_back")
    assert (given_back.actor, given_back.body["why"]) == ("rob", "its worker is gone")


def test_stopping_the_line_at_a_terminal_says_who(server: SignedIn, signed_application: Make) -> None:
    """A worker does it, by a stamped order; a viewer stops nothing, and what is refused is said."""
    app = signed_application()

    def line(who: str, choice: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, **server.stack.environ, "PREFECT_API_AUTH_STRING": server[who].credentials}
        command = (SENDOFF, "line", choice, "--application", app.name, "--reason", "an outage")
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    refused = line("vera", "stop")
    assert (refused.returncode, "vera may not" in refused.stderr) == (1, True), refused.stderr
    done = line("rob", "stop")
    assert (done.returncode, done.stdout) == (
        0,
        f"the line is stopped for all releases of {app.name}: each holds at its next safe point\n",
    ), done.stderr
    again = line("rob", "stop")
    assert (again.returncode, "already, by rob" in again.stderr) == (1, True), again.stderr
    assert line("rob", "go").returncode == 0
    ours = [each for each in told(server, "line", "line.stopped") if each.body["application"] == app.name]
    assert [(each.actor, each.body["proved"]) for each in ours] == [("rob", True)]


def test_websockets_ask_who_is_there(server: SignedIn) -> None:
    """Who reads sees the logs flow by; nobody and the wrong role see nothing."""

    async def first(path: str, token: str) -> Any:
        address = server["rob"].api.replace("http", "ws", 1) + path
        async with websockets.connect(address, subprotocols=[websockets.Subprotocol("prefect")]) as opened:
            await opened.send(json.dumps({"type": "auth", "token": token}))
            return json.loads(await asyncio.wait_for(opened.recv(), 20))

    for path in ("/events/out", "/logs/out"):
        assert asyncio.run(first(path, server["vera"].credentials)) == {"type": "auth_success"}
    for path, token in (
        ("/events/out", "vera:wrong password"),
        ("/events/out", ""),
        ("/events/in", server["adam"].credentials),
        ("/moon", server["adam"].credentials),
    ):
        with pytest.raises((websockets.ConnectionClosed, websockets.InvalidStatus)):
            asyncio.run(first(path, token))


def _form(server: SignedIn, who: str, run: str, state: Any) -> str:
    name = state.state_details.run_input_keyset["schema"]
    text: str = server[who].ask("GET", f"/flow_runs/{run}/input/{name}").text
    assert '"stamp"' not in text
    return text
