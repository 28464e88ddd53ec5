"""What is made of the end of a run at a site."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Completed, Crashed, Failed

from sendoff.errors import CheckFailed, Fenced, StepErrored
from tasks.deploy import deploy_to
from tasks.errand import Errand

HOSTS = [("web", "a"), ("api", "c"), ("web", "b")]


def errand(task: Any = deploy_to) -> Errand:
    run: Any = SimpleNamespace(
        id="r1",
        version="1",
        place=SimpleNamespace(application="shop"),
        lease=SimpleNamespace(token=7),
        settings=SimpleNamespace(site=timedelta(minutes=5)),
        mask=lambda text: text,
        say=lambda text: None,
    )
    return Errand(run, "berlin", task, HOSTS, {"release": "1-abab"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A server that keeps what it was asked for; `state` is that of the run."""
    asked = SimpleNamespace(name="", parameters={}, flow_run_name="", state=None)

    def run_deployment(name: str, parameters: dict[str, Any], flow_run_name: str, **more: Any) -> Any:
        asked.name, asked.parameters, asked.flow_run_name = name, parameters, flow_run_name
        return SimpleNamespace(id=uuid4())

    monkeypatch.setattr("tasks.errand.run_deployment", run_deployment)
    monkeypatch.setattr("tasks.errand._state", lambda run: asked.state)
    return asked


def test_what_is_asked_for(server: SimpleNamespace) -> None:
    """The site's own deployment is asked, under the number that the run has, by words and names alone."""
    errand(deploy_to.with_options(refresh_cache=True)).send()
    assert server.name == "at-site/berlin"
    assert server.flow_run_name == "shop 1 at berlin: deploy to a, c, b"
    assert server.parameters == {
        "order": {
            "run": "r1",
            "number": 7,
            "site": "berlin",
            "step": "deploy to",
            "hosts": {"web": ["a", "b"], "api": ["c"]},
            "inputs": {"release": "1-abab"},
            "again": True,
        }
    }


@pytest.mark.parametrize(
    ("state", "came", "over"),
    [
        (Completed(data={HOSTS[0]: "ok"}), "{('web', 'a'): 'ok'}", True),
        (Failed(data=CheckFailed("not good")), "not good", True),
        (Failed(data=Fenced("number 7")), "number 7", True),
        (Failed(data=ValueError("a bug")), "its worker could not do it (ValueError('a bug'))", True),
        (Completed(), "cannot be read here", True),
        (Crashed(), "None", False),
        (Cancelled(), "somebody cancelled it", False),
    ],
    ids=["results", "error", "fenced", "bug", "lost", "died", "cancelled"],
)
def test_what_came_of_it(server: SimpleNamespace, state: Any, came: str, over: bool) -> None:
    """What came back is handed on; what did not end by itself may still have somebody at work."""
    server.state = state
    sent = errand()
    sent.send()
    assert came in str(sent.bring())
    assert sent.surely_over is over


def test_a_site_that_is_not_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its hosts have an error that says what to do; the others are served."""

    def unknown(*given: Any, **more: Any) -> None:
        raise ObjectNotFound(ValueError("no such deployment"))

    monkeypatch.setattr("tasks.errand.run_deployment", unknown)
    sent = errand()
    sent.send()
    found = dict(sent.each(sent.bring()))
    assert list(found) == HOSTS
    assert all(isinstance(error, StepErrored) for error in found.values())
    assert "site 'berlin': 'deploy to': is not known to the server" in str(found[HOSTS[0]])
    assert "run `sendoff register`" in str(found[HOSTS[0]])
