"""What stands in front of Prefect, with a recorder in Prefect's place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from sendoff.engine import ENGINE
from sendoff.server.bodies import RESULTS
from sendoff.server.keys import PUBLIC
from sendoff.server.roles import rights
from sendoff.server.routes import SOCKET, Route, Routes
from sendoff.server.settings import ServerSettings
from sendoff.server.users import User, UsersFile
from sendoff.signers import FILLED, STAMP, START_LABEL, Signer, StampRefused, proved

Ask = Callable[..., Any]
Audit = Callable[[], list[dict[str, Any]]]
Prefect = Any  # the class stands in conftest.py, which tests do not import
ROUTES = [route for route in Routes().all if route.method != SOCKET and not route.is_open]
RUN, DEPLOYMENT, FLOW = (str(UUID(int=number)) for number in (1, 2, 3))
START, RESUME = f"/deployments/{DEPLOYMENT}/create_flow_run", f"/flow_runs/{RUN}/resume"
STATE = f"/flow_runs/{RUN}/set_state"
RECOVER = {"entrypoint": "flows.recover.recover", "tags": ["sendoff", "sendoff-inner"]}
SAID = {"what": {"application": "shop"}, "why": {"summary": "new", "requested_by": "the queen"}}


@pytest.fixture
def public(settings: ServerSettings) -> Path:
    return settings.folder / PUBLIC


@pytest.fixture
def deployed(prefect: Prefect) -> dict[str, Any]:
    """A registered story."""
    properties = {
        "what": {"$ref": "#/definitions/What"},
        "why": {"allOf": [{"$ref": "#/definitions/Intent"}]},
    }
    schema = {"properties": properties, "definitions": {"What": {}, "Intent": {FILLED: "requested_by"}}}
    known: dict[str, Any] = {"id": DEPLOYMENT, "name": "release", "entrypoint": "flows.release.release"}
    known["parameter_openapi_schema"] = schema
    prefect.things[f"/deployments/{DEPLOYMENT}"] = known | {"tags": ["sendoff"], "parameters": {}}
    made: dict[str, Any] = prefect.things[f"/deployments/{DEPLOYMENT}"]
    return made


@pytest.fixture
def asks(prefect: Prefect) -> Callable[[str], None]:
    """Have the run wait with a question."""

    def wait(key: str) -> None:
        keyset = {"schema": f"{key}-schema", "response": f"{key}-response"}
        state = {"state_details": {"pause_key": key, "run_input_keyset": keyset}}
        prefect.things[f"/flow_runs/{RUN}"] = {"id": RUN, "state": state}
        form = {"properties": {"decision": {}, "stamp": {}}, "required": ["decision", "stamp"]}
        prefect.things[f"/flow_runs/{RUN}/input/{key}-schema"] = form

    return wait


def test_nobody_is_let_in(ask: Ask, prefect: Prefect) -> None:
    """Without a sign-in every route but those of health is refused, and Prefect never hears of it."""
    for route in ROUTES:
        path = route.template.replace("{id}", RUN)
        assert ask(None, route.method, path, json={}).status_code == 401, route
    assert prefect.seen == []
    assert ask(None, "GET", "/ready").status_code == 404


@pytest.mark.parametrize("who", ["vera", "rob", "pam", "olga", "adam", "worker-1"])
def test_every_route_with_every_role(ask: Ask, prefect: Prefect, file: UsersFile, who: str) -> None:
    """Whoever may not is told so, and Prefect never hears of it."""
    user = file.find(who)
    assert user is not None
    for route in (each for each in ROUTES if not each.template.startswith("/sendoff/")):
        before = len(prefect.seen)
        answer = ask(who, route.method, route.template.replace("{id}", RUN), json={})
        if route.allows(user.rights):
            assert answer.status_code in (200, 404) or "state" in answer.json()["detail"], route
        else:
            assert answer.status_code == 403, route
            assert who in answer.json()["detail"]
            assert len(prefect.seen) == before


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/moon"), ("PUT", "/flows/filter"), ("OPTIONS", "/flows/")]
)
def test_what_is_not_classified_is_refused(
    ask: Ask, prefect: Prefect, audit: Audit, method: str, path: str
) -> None:
    """A route that an upgrade adds is refused also to an admin, and that is written down."""
    answer = ask("adam", method, path)
    assert (answer.status_code, prefect.seen) == (403, [])
    assert "is not classified" in answer.json()["detail"]
    assert audit()[-1]["what"] == "refused"


def test_prefect_hears_a_secret_and_a_name(ask: Ask, prefect: Prefect) -> None:
    """Whatever came that says who somebody is, is replaced by what is known."""
    pretended = {"prefect-automation-id": str(uuid4()), "prefect-automation-name": "cXVlZW4="}
    ask("vera", "POST", "/flows/filter", json={}, headers=pretended)
    headers = prefect.last["headers"]
    assert headers["authorization"] == "Basic c2VuZG9mZjp0aGUgaW5uZXIgc2VjcmV0"
    assert headers["prefect-automation-name"] == "dmVyYQ=="
    assert headers["prefect-automation-id"] != pretended["prefect-automation-id"]
    ask("worker-1", "POST", "/flows/filter", json={}, headers=pretended)
    assert "prefect-automation-id" not in prefect.last["headers"]


def test_a_start_is_stamped(ask: Ask, prefect: Prefect, deployed: Any, public: Path) -> None:
    """The person is the one who signed in, whatever they said; the stamp is of all parameters."""
    ask("rob", "POST", START, json={"parameters": SAID, "name": "mine", "tags": ["sendoff", "shop"]})
    body = prefect.last["body"]
    assert body["parameters"]["why"]["requested_by"] == "rob"
    said = {**body["parameters"], STAMP: body["labels"][START_LABEL]}
    signer = proved(said, "start", DEPLOYMENT, "", public)
    assert (signer.name, signer.is_proved) == ("rob", True)
    with pytest.raises(StampRefused, match="another content"):
        proved({**said, "what": {"application": "bank"}}, "start", DEPLOYMENT, "", public)


def test_what_the_deployment_has_set_is_stamped_as_well(
    ask: Ask, prefect: Prefect, deployed: Any, public: Path
) -> None:
    """Parameters of the deployment are part of what was started."""
    deployed["parameters"] = {"what": {"application": "shop"}}
    ask("rob", "POST", START, json={"parameters": {"why": {}}})
    body = prefect.last["body"]
    assert body["parameters"] == {"what": {"application": "shop"}, "why": {"requested_by": "rob"}}


@pytest.mark.parametrize(
    "more",
    [
        {"job_variables": {"env": {"SENDOFF_SIGNED_BY": ""}}},
        {"job_variables": {"env": {"SENDOFF_SIGNED_BY": None}}},
        {"job_variables": {"command": "sh"}},
        {"work_queue_name": "other"},
        {"infrastructure_document_id": RUN},
        {"empirical_policy": {"pause_keys": ["approval-owner-1"]}},
        {"labels": {START_LABEL: "forged"}},
        {"context": {"a": 1}},
        {"parent_task_run_id": RUN},
        {"state": {"type": "COMPLETED"}},
        {"enforce_parameter_schema": False},
        {"tags": ["sendoff-at-site"]},
        {"tags": "sendoff"},
        {"something_new": 1},
        {"parameters": {"what": {"__prefect_kind": "jinja", "template": "{{ x }}"}}},
        {"parameters": []},
    ],
    ids=str,
)
def test_a_start_says_nothing_more(ask: Ask, prefect: Prefect, deployed: Any, more: dict[str, Any]) -> None:
    """Job variables and all else that changes how it is run are refused, also to an admin."""
    for who in ("rob", "adam"):
        answer = ask(who, "POST", START, json={"parameters": SAID, **more})
        assert answer.status_code in (403, 422), answer.text
    assert all(each["method"] == "GET" for each in prefect.seen)


def test_forms_say_again_what_the_deployment_says(ask: Ask, prefect: Prefect, deployed: Any) -> None:
    """That changes nothing and is left out; anything else is refused."""
    same = {"work_queue_name": "default", "job_variables": {"env": {"PREFECT_CLIENT_MAX_RETRIES": "7"}}}
    deployed |= same
    assert ask("rob", "POST", START, json={"parameters": SAID, **same}).status_code == 200
    assert not same.keys() & prefect.last["body"].keys()
    for other in (
        {"work_queue_name": "other"},
        {"job_variables": {"env": {"PREFECT_CLIENT_MAX_RETRIES": "8"}}},
    ):
        assert ask("rob", "POST", START, json={"parameters": SAID, **other}).status_code == 403


def test_clients_send_much_that_is_empty(ask: Ask, prefect: Prefect, deployed: Any) -> None:
    """Prefect's own client and pages do; what they leave empty is left out."""
    state = {
        "type": "SCHEDULED",
        "name": "Scheduled",
        "state_details": {"scheduled_time": "2026-03-01T10:00:00Z"},
    }
    empty = {
        "context": {},
        "empirical_policy": {"retries": None, "pause_keys": []},
        "job_variables": {"env": {}},
    }
    sent = {"parameters": SAID, "state": state, "labels": None, "work_queue_name": None, **empty}
    assert ask("rob", "POST", START, json=sent).status_code == 200
    assert prefect.last["body"]["state"]["state_details"] == {"scheduled_time": "2026-03-01T10:00:00Z"}
    assert not {"context", "empirical_policy", "job_variables"} & prefect.last["body"].keys()


@pytest.mark.parametrize(
    ("change", "who", "status"),
    [
        ({"entrypoint": "evil.py:flow"}, "rob", 403),
        ({"entrypoint": None}, "rob", 403),
        ({"entrypoint": "evil.py:flow"}, "adam", 403),
        ({"entrypoint": "flows.release.release:flow"}, "adam", 403),
        ({"tags": ["sendoff", "sendoff-inner"]}, "rob", 403),
        ({"tags": ["sendoff", "sendoff-inner"]}, "adam", 403),
        ({"tags": ["sendoff-at-site"]}, "adam", 403),
        ({"entrypoint": "flows.at_site.at_site"}, "adam", 403),
        ({"entrypoint": "flows.wake.wake"}, "adam", 403),
        (RECOVER, "rob", 403),
        (RECOVER, "adam", 200),
        ({}, "rob", 200),
    ],
    ids=str,
)
def test_only_what_is_registered_is_started(
    ask: Ask, deployed: dict[str, Any], change: dict[str, Any], who: str, status: int
) -> None:
    """No code of others, and nothing that only runs start, by whatever name; `recover` is for admins."""
    deployed |= change
    assert ask(who, "POST", START, json={"parameters": SAID}).status_code == status


def test_a_worker_starts_its_own_without_a_stamp(ask: Ask, prefect: Prefect, deployed: Any) -> None:
    """Nor may it say how its runs are run."""
    assert ask("worker-1", "POST", START, json={"parameters": {"order": 1}}).status_code == 200
    assert prefect.last["body"] == {"parameters": {"order": 1}}
    for value in ("", None, "/evil.pub"):
        bad = {"job_variables": {"env": {"SENDOFF_SIGNED_BY": value}}}
        assert ask("worker-1", "POST", START, json=bad).status_code == 403
        assert ask("worker-1", "PATCH", f"/flow_runs/{RUN}", json=bad).status_code == 403
        assert ask("worker-1", "POST", "/flow_runs/", json=bad).status_code == 403


def test_an_answer_is_stamped(ask: Ask, prefect: Prefect, asks: Any, public: Path) -> None:
    """With the groups that somebody is in when they answer; a stamp that came along is thrown away."""
    asks("approval-owner-1")
    said = {"decision": "approve", "comment": "", STAMP: "forged"}
    assert ask("pam", "POST", RESUME, json={"run_input": said}).status_code == 200
    given = prefect.last["body"]["run_input"]
    signer = proved(given, "answer", RUN, "approval-owner-1", public)
    assert signer == Signer(name="pam", groups=("product",), is_proved=True, nonce=signer.nonce, at=signer.at)
    assert signer.at is not None
    for run, question in ((RUN, "approval-owner-2"), (str(uuid4()), "approval-owner-1")):
        with pytest.raises(StampRefused):
            proved(given, "answer", run, question, public)


@pytest.mark.parametrize(
    ("key", "may"),
    [
        ("approval-owner-1", {"pam", "olga"}),
        ("trouble-deploy-1-1", {"rob", "adam"}),
        ("hold-live-1", {"rob", "adam", "pam", "olga"}),
    ],
)
def test_who_may_answer_what(ask: Ask, asks: Any, key: str, may: set[str]) -> None:
    """Approvals are for groups, what to do where it broke for releasers; a freeze may belong to either."""
    asks(key)
    said = {"run_input": {"decision": "retry"}}
    people = ("vera", "rob", "pam", "olga", "adam")
    assert {who for who in people if ask(who, "POST", RESUME, json=said).status_code == 200} == may


def test_what_prefect_cannot_say_is_passed_on(ask: Ask, prefect: Prefect, asks: Any) -> None:
    """A client tries again as it would with Prefect alone; nothing is stamped meanwhile."""
    asks("approval-owner-1")
    prefect.broken = 503
    assert ask("pam", "POST", RESUME, json={"run_input": {"decision": "approve"}}).status_code == 503
    assert [each["method"] for each in prefect.seen] == ["GET"]


def test_a_template_is_no_answer(ask: Ask, asks: Any) -> None:
    """Prefect would put something else in its place, after it was stamped."""
    asks("approval-owner-1")
    said = {"run_input": {"decision": {"__prefect_kind": "workspace_variable", "variable_name": "x"}}}
    assert ask("pam", "POST", RESUME, json=said).status_code == 403


@pytest.mark.parametrize("form", [{"properties": {"decision": {}, "approver": {}}}, {}, None], ids=str)
@pytest.mark.parametrize("key", ["approval-owner-1", "trouble-deploy-1-1", "hold-live-1"])
def test_a_form_without_a_place_for_a_stamp_is_not_answered(
    ask: Ask, prefect: Prefect, asks: Any, audit: Audit, key: str, form: Any
) -> None:
    """Whoever made it believes any name: nobody can be somebody else there."""
    asks(key)
    prefect.things[f"/flow_runs/{RUN}/input/{key}-schema"] = form
    who = "pam" if key.startswith("approval") else "rob"
    answer = ask(who, "POST", RESUME, json={"run_input": {"decision": "approve", "approver": "the queen"}})
    assert (answer.status_code, "set SENDOFF_SIGNED_BY there" in answer.json()["detail"]) == (409, True)
    assert [each["method"] for each in prefect.seen] == ["GET", "GET"]
    assert audit()[-1]["what"] == "refused"


@pytest.mark.parametrize("field", ["requested_by", "who"])
def test_a_start_whose_form_asks_who_it_is_is_refused(
    ask: Ask, prefect: Prefect, deployed: dict[str, Any], field: str
) -> None:
    """It was registered as where nobody signs in: whoever carries it out would believe the name."""
    deployed["parameter_openapi_schema"]["definitions"]["Intent"] = {"properties": {field: {}}}
    answer = ask("rob", "POST", START, json={"parameters": SAID})
    assert (answer.status_code, "run `sendoff register` where it is set" in answer.text) == (409, True)
    assert [each["method"] for each in prefect.seen] == ["GET"]


def test_what_may_be_left_out_is_filled_in_too(ask: Ask, prefect: Prefect, deployed: dict[str, Any]) -> None:
    """A form inside the form that is there, or nothing."""
    intent = {"anyOf": [{"$ref": "#/definitions/Intent"}, {"type": "null"}]}
    deployed["parameter_openapi_schema"]["properties"]["why"] = intent
    assert ask("rob", "POST", START, json={"parameters": SAID}).status_code == 200
    assert prefect.last["body"]["parameters"]["why"]["requested_by"] == "rob"


def test_the_form_does_not_show_the_stamp(ask: Ask, asks: Any) -> None:
    """The worker that made the form sees it whole."""
    asks("approval-owner-1")
    path = f"/flow_runs/{RUN}/input/approval-owner-1-schema"
    assert ask("pam", "GET", path).json() == {"properties": {"decision": {}}, "required": ["decision"]}
    assert "stamp" in ask("worker-1", "GET", path).json()["properties"]


def test_the_pages_get_the_settings_that_they_need(ask: Ask, prefect: Prefect) -> None:
    """Without them they draw no menu; where the server keeps what is for admins."""
    kept = {
        "server": {
            "ui": {"show_promotional_content": False, "static_directory": "/srv"},
            "database": {"host": "db"},
        }
    }
    prefect.things["/admin/settings"] = kept
    shown = {"server": {"ui": {"show_promotional_content": False}, "analytics_enabled": False}}
    assert {str(ask(who, "GET", "/admin/settings").json()) for who in ("vera", "rob", "pam")} == {str(shown)}
    assert ask("adam", "GET", "/admin/settings").json() == kept
    prefect.things["/admin/settings"] = ["something else"]
    assert ask("vera", "GET", "/admin/settings").json() == {"server": {"ui": {}, "analytics_enabled": False}}


def test_a_cancel_is_stamped(ask: Ask, prefect: Prefect, public: Path) -> None:
    """It says who, and a run is always cancelled at its next safe point."""
    prefect.things[f"/flow_runs/{RUN}"] = {"id": RUN, "flow_id": FLOW}
    prefect.things[f"/flows/{FLOW}"] = {"name": "release"}
    assert ask("rob", "POST", STATE, json={"state": {"type": "CANCELLED"}, "force": True}).status_code == 200
    state = {"type": "CANCELLING", "name": "Cancelling", "message": "rob cancelled it"}
    assert prefect.last["body"] == {"state": state, "force": False}
    label = prefect.seen[-2]["body"]["sendoff.cancelled"]
    assert proved({STAMP: label}, "cancel", RUN, "", public).name == "rob"


@pytest.mark.parametrize(
    ("flow", "may"),
    [
        ("release", {"rob", "adam"}),
        ("stop-the-line", {"rob", "adam"}),
        ("wake", {"adam"}),
        ("at-site", {"adam"}),
        ("recover", {"adam"}),
        (None, {"adam"}),
    ],
)
def test_who_may_cancel_what(ask: Ask, prefect: Prefect, flow: str | None, may: set[str]) -> None:
    """A releaser what people start; what runs start for themselves, such as timers, only an admin."""
    prefect.things[f"/flow_runs/{RUN}"] = {"id": RUN, "flow_id": FLOW, "name": "it"}
    if flow:
        prefect.things[f"/flows/{FLOW}"] = {"name": flow}
    body = {"state": {"type": "CANCELLING"}}
    status = {who: ask(who, "POST", STATE, json=body).status_code for who in ("vera", "rob", "pam", "adam")}
    assert {who for who, code in status.items() if code == 200} == may


@pytest.mark.parametrize("kind", ["COMPLETED", "SCHEDULED", "PAUSED", "RUNNING", "CRASHED", None])
def test_people_set_no_other_state(ask: Ask, prefect: Prefect, kind: Any) -> None:
    """A state by hand could be an answer that nobody gave."""
    for who in ("rob", "adam"):
        assert ask(who, "POST", STATE, json={"state": {"type": kind}}).status_code == 403
    assert ask("worker-1", "POST", STATE, json={"state": {"type": kind}}).status_code == 200


def test_an_unlock_is_stamped(ask: Ask, public: Path) -> None:
    """The command line that carries it out gets it."""
    said = {"resource": "shop/live", "reason": "it is dead", "release": RUN}
    stamp = ask("rob", "POST", "/sendoff/unlock", json=said).json()
    assert proved({**said, **stamp}, "unlock", RUN, "", public).name == "rob"
    assert ask("vera", "POST", "/sendoff/unlock", json=said).status_code == 403
    assert ask("rob", "POST", "/sendoff/unlock", json={"resource": "shop/live"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/block_documents/{RUN}?include_secrets=true", None),
        ("GET", "/block_types/slug/x/block_documents?include_secrets=1", None),
        ("GET", "/block_types/slug/x/block_documents?include_secrets=false&include_secrets=yes", None),
        ("GET", "/block_types/slug/x/block_documents/name/y?include_secrets=t", None),
        ("POST", "/block_documents/filter", {"include_secrets": True}),
        ("POST", "/block_documents/filter", {"include_secrets": "true"}),
    ],
)
def test_secrets_are_for_workers(ask: Ask, method: str, path: str, body: Any) -> None:
    """Who reads may see which blocks there are, and nothing that is secret in them."""
    status = {
        who: ask(who, method, path, json=body).status_code for who in ("vera", "rob", "olga", "worker-1")
    }
    assert {who for who, code in status.items() if code == 403} == {"vera", "rob", "olga"}
    assert ask("vera", method, path.partition("?")[0], json={}).status_code in (200, 404)


@pytest.mark.parametrize(
    ("path", "body", "is_taken"),
    [
        ("/deployments/", {"entrypoint": "flows.release.release", "job_variables": {"env": {}}}, True),
        ("/deployments/", {"job_variables": {"env": {"PREFECT_CLIENT_MAX_RETRIES": "7"}}}, True),
        ("/deployments/", {"job_variables": {"command": ENGINE}}, True),
        ("/deployments/", {"job_variables": {"env": dict([RESULTS])}}, True),
        ("/deployments/", {"job_variables": {"env": {RESULTS[0]: "local-file-system/evil"}}}, False),
        ("/deployments/", {"job_variables": {"command": f"{ENGINE}; evil"}}, False),
        ("/deployments/", {"job_variables": {"env": {"SENDOFF_SIGNED_BY": ""}}}, False),
        ("/deployments/", {"job_variables": {"env": {"PYTHONPATH": "/evil"}}}, False),
        ("/deployments/", {"job_variables": {"command": "sh -c evil"}}, False),
        ("/deployments/", {"job_variables": {"working_dir": "/evil"}}, False),
        ("/deployments/", {"entrypoint": "evil.py:flow"}, False),
        ("/deployments/", {"pull_steps": [{"evil": {}}]}, False),
        ("/deployments/", {"path": "/evil"}, False),
        ("/work_pools/", {"name": "a", "base_job_template": {}}, True),
        ("/work_pools/", {"base_job_template": {"job_configuration": {"command": "{{ command }}"}}}, True),
        ("/work_pools/", {"base_job_template": {"job_configuration": {"command": "evil"}}}, False),
        (
            "/work_pools/",
            {
                "base_job_template": {
                    "variables": {"properties": {"env": {"default": {"SENDOFF_SIGNED_BY": ""}}}}
                }
            },
            False,
        ),
        ("/automations/", {"actions": [{"job_variables": {"env": {"SENDOFF_SIGNED_BY": ""}}}]}, False),
        ("/automations/", {"actions": [{"job_variables": {"env": {"SENDOFF_SIGNED_BY": None}}}]}, False),
        ("/automations/", {"actions": [{"type": "do-nothing", "job_variables": None}]}, True),
        ("/automations/", {"actions": [{"type": "change-flow-run-state", "state": "RUNNING"}]}, False),
        ("/automations/", {"actions_on_trigger": [{"type": "resume-flow-run"}]}, False),
        ("/automations/", {"actions": [{"job_variables": None}]}, False),
        ("/automations/", {"actions": [{"type": "run-deployment", "source": "inferred"}]}, False),
        ("/deployments/", {"entrypoint": "flows./../evil.py:flow"}, False),
        ("/deployments/", {"entrypoint": "flows.release.release", "schedules": [{"schedule": {}}]}, True),
        ("/deployments/", {"entrypoint": "flows.at_site.at_site", "schedules": [{"schedule": {}}]}, False),
        ("/deployments/", {"job_variables": {"env": {"SENDOFF_SIGNED_BY": None}}}, False),
        (f"/deployments/{DEPLOYMENT}/schedules", [{"schedule": {}}], True),
        ("/deployments/", [], False),
    ],
)
def test_an_admin_cannot_turn_a_worker(
    ask: Ask, prefect: Prefect, path: str, body: Any, is_taken: bool
) -> None:
    """Nobody with the API alone has other code run, or ours with other settings."""
    assert ask("adam", "POST", path, json=body).is_success == is_taken
    assert bool(prefect.seen) == is_taken
    if is_taken:
        assert prefect.last["body"] == body


@pytest.mark.parametrize("kind", ["actions", "actions_on_trigger", "actions_on_resolve"])
@pytest.mark.parametrize(
    ("change", "is_taken"),
    [
        ({}, True),
        (RECOVER, True),
        ({"entrypoint": "flows.at_site.at_site"}, False),
        ({"tags": ["sendoff-at-site"]}, False),
    ],
    ids=["release", "recover", "at-site", "its tag"],
)
def test_automations_start_what_their_makers_may(
    ask: Ask, prefect: Prefect, deployed: dict[str, Any], kind: str, change: dict[str, Any], is_taken: bool
) -> None:
    """What only the processes of runs start is not started by an automation either."""
    deployed |= change
    body = {"name": "a", kind: [{"type": "run-deployment", "deployment_id": DEPLOYMENT}]}
    for method, path in (("POST", "/automations/"), ("PUT", f"/automations/{RUN}")):
        answer = ask("adam", method, path, json=body)
        assert answer.is_success == is_taken, answer.text
        assert (prefect.last["method"] == method) == is_taken
        assert is_taken or "is started by Sendoff itself" in answer.json()["detail"]


NIGHTLY = {"schedule": {"cron": "0 2 * * *"}}


@pytest.mark.parametrize(
    ("change", "schedule", "is_taken"),
    [
        ({}, NIGHTLY, True),
        ({}, {**NIGHTLY, "parameters": {}}, True),
        ({}, {**NIGHTLY, "parameters": SAID}, False),
        ({"entrypoint": "flows.at_site.at_site"}, NIGHTLY, False),
        ({"entrypoint": "flows.rollback.rollback"}, NIGHTLY, False),
        (RECOVER, NIGHTLY, False),
    ],
    ids=["release", "bare", "parameters", "at-site", "rollback", "recover"],
)
def test_schedules_are_for_releases(
    ask: Ask,
    prefect: Prefect,
    deployed: dict[str, Any],
    change: dict[str, Any],
    schedule: dict[str, Any],
    is_taken: bool,
) -> None:
    """And say when, not what; what is a release for their run to find out."""
    deployed |= change
    one = f"/deployments/{DEPLOYMENT}/schedules"
    for method, path, body in (
        ("POST", one, [schedule]),
        ("PATCH", f"{one}/{RUN}", schedule),
        ("PATCH", f"/deployments/{DEPLOYMENT}", {"schedules": [schedule]}),
    ):
        answer = ask("adam", method, path, json=body)
        assert answer.is_success == is_taken, answer.text
        assert (prefect.last["method"] == method) == is_taken
    assert ask("adam", "DELETE", f"{one}/{RUN}").status_code == 200


def test_a_page_elsewhere_does_nothing(ask: Ask, prefect: Prefect) -> None:
    """A page of another server cannot act for whoever looks at it; one of this server can."""
    body = {"json": {"state": {"type": "CANCELLING"}}}
    assert ask("rob", "POST", STATE, headers={"origin": "https://evil.example"}, **body).status_code == 403
    assert prefect.seen == []
    assert ask("rob", "POST", STATE, headers={"origin": "https://server.example"}, **body).status_code == 200


def test_pages_are_served_to_everybody(ask: Ask, prefect: Prefect) -> None:
    """One of them is where people sign in; but nothing is sent to them, and no identity goes along."""
    prefect.things["/ui-settings"] = {"auth": "BASIC"}
    assert ask(None, "GET", "/ui-settings", outside=True).json() == {"auth": "BASIC"}
    assert ask(None, "POST", "/ui-settings", outside=True).status_code == 403
    ask("rob", "GET", "/", outside=True)
    assert "authorization" not in prefect.last["headers"]


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000, b'"text"', b"x" * 2_000_001], ids=len)
def test_what_is_no_request_is_refused(ask: Ask, prefect: Prefect, deployed: Any, raw: bytes) -> None:
    """With a sentence, and never an error of the server."""
    assert ask("rob", "POST", START, content=raw).status_code in (413, 422)
    assert all(each["method"] == "GET" for each in prefect.seen)


def test_who_am_i(ask: Ask) -> None:
    """Everybody may know what they may."""
    assert ask("pam", "GET", "/sendoff/me").json() == {"name": "pam", "roles": [], "groups": ["product"]}


def test_deeds_are_written_down(ask: Ask, deployed: Any, audit: Audit) -> None:
    """Who, what, from where; no password, and no stamp."""
    ask("rob", "POST", START, json={"parameters": SAID})
    ask("adam", "DELETE", f"/flows/{RUN}")
    assert [(line["what"], line["who"], line["address"]) for line in audit()] == [
        ("start", "rob", "192.0.2.7"),
        ("change", "adam", "192.0.2.7"),
    ]
    assert "horse" not in json.dumps(audit())


def test_rights_come_from_the_file(ask: Ask, file: UsersFile) -> None:
    """Whoever loses a role has lost it at the next request."""
    assert ask("adam", "DELETE", f"/flows/{RUN}").status_code == 200
    known = file.find("adam")
    assert known is not None
    less = User(roles=("viewer",), password=known.password)
    UsersFile(file.path).change(lambda users: users.update(adam=less))
    assert less.rights == rights(["viewer"], [])
    assert ask("adam", "DELETE", f"/flows/{RUN}").status_code == 403


def test_route_is_a_line() -> None:
    """A line of the table says what it says."""
    (route,) = Routes("read,work GET /x/{id}").all
    assert route == Route(frozenset({"read", "work"}), "GET", "/x/{id}")
