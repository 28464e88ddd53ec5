"""What may be said in a request, beyond who may send it: takes what was said, gives what is sent on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sendoff.engine import ENGINE
from sendoff.server import stories
from sendoff.server.refusals import NotLetIn
from sendoff.signers import FILLED, STAMP, WHO

Body = dict[str, Any]

START_FIELDS = ("parameters", "name", "tags", "state", "idempotency_key", "enforce_parameter_schema")
HOW = ("work_queue_name", "job_variables")
CANCELS = ("CANCELLING", "CANCELLED")
INNER = ("sendoff-inner", "sendoff-at-site")  # tags of deployments that Sendoff starts by itself
ACTIONS = (
    "do-nothing",
    "run-deployment",
    "pause-deployment",
    "resume-deployment",
    "cancel-flow-run",
    "delete-flow-run",
    "pause-work-queue",
    "resume-work-queue",
    "pause-work-pool",
    "resume-work-pool",
    "pause-automation",
    "resume-automation",
    "send-notification",
    "call-webhook",
)
"""What automations that people make may do. The others set states of runs, which people do not."""
VARIABLES = frozenset(
    {
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY",
        "PREFECT_CLIENT_MAX_RETRIES",
        "PREFECT_CLIENT_RETRY_EXTRA_CODES",
        "PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK",
    }
)
"""What `sendoff register` sets for the process of a run. More could turn a worker against its owner."""
RESULTS = ("PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK", "sendoff-artifact-bucket/artifacts")
NOTHING: tuple[Any, ...] = (None, "", {}, [])
ELSEWHERE = ("pull_steps", "path", "storage_document_id", "infrastructure_document_id")


def startable(deployment: Mapping[str, Any], is_admin: bool) -> None:
    """Refuse what is not a story for people; `recover` may be started by admins, as it looks first."""
    name, tags = deployment.get("name"), deployment.get("tags") or ()
    entrypoint = deployment.get("entrypoint")
    if entrypoint not in stories.ENTRYPOINTS:
        raise NotLetIn(f"deployment {name!r}: is none of Sendoff, expected one that `sendoff register` made")
    if entrypoint == stories.RECOVER and is_admin:
        return
    if entrypoint not in stories.STORIES.values() or any(tag in tags for tag in INNER):
        raise NotLetIn(f"deployment {name!r}: is started by Sendoff itself, expected one for people")
    for _, model in _models(deployment.get("parameter_openapi_schema")):
        asked = [each for each in WHO if each in _mapping(model.get("properties"), "properties")]
        if asked and FILLED not in model:
            raise NotLetIn(
                f"deployment {name!r}: its form asks for {asked[0]!r}, as it was registered without "
                "SENDOFF_SIGNED_BY, expected it with that; run `sendoff register` where it is set",
                409,
            )


def schedulable(deployment: Mapping[str, Any], schedules: Any) -> None:
    """Refuse schedules of anything but releases, and such as say more than when."""
    for each in schedules if isinstance(schedules, list) else [schedules]:
        if deployment.get("entrypoint") != stories.NIGHTLY:
            raise NotLetIn(
                f"deployment {deployment.get('name')!r}: gets a schedule, expected one only for releases, as "
                "'schedule' in the release file; start it by hand"
            )
        if not _is_empty(_mapping(each, "schedule").get("parameters")):
            raise NotLetIn(
                "schedule: has parameters of its own, expected none; the release file says what is released"
            )


def started_by(automation: Mapping[str, Any]) -> Iterator[str]:
    """Name the deployments that an automation starts; refuse what automations of people do not do."""
    for name in ("actions", "actions_on_trigger", "actions_on_resolve"):
        for action in automation.get(name) or ():
            kind = _mapping(action, name).get("type")
            if kind not in ACTIONS:
                raise NotLetIn(f"{name}: {kind!r} is no action of people here, expected {', '.join(ACTIONS)}")
            if kind == "run-deployment":
                if not action.get("deployment_id"):
                    raise NotLetIn(f"{name}: starts what an event names, expected a deployment; choose one")
                yield str(action["deployment_id"])


def start(body: Mapping[str, Any], deployment: Mapping[str, Any], person: str) -> Body:
    """Give what is sent on of a start by a person: parameters, a name, tags, a time, and nothing else."""
    body = {name: value for name, value in body.items() if not _is_known(name, value, deployment)}
    no_infrastructure(body)
    for name, value in body.items():
        if name not in START_FIELDS and not _is_empty(value):
            raise NotLetIn(
                f"start: {name!r} is set, expected {', '.join(START_FIELDS)} and nothing else; leave it out"
            )
    if body.get("enforce_parameter_schema") is False:
        raise NotLetIn("start: the schema of the parameters is off, expected it on; switch it on")
    given = _mapping(body.get("parameters"), "parameters")
    said = {**(deployment.get("parameters") or {}), **given}
    plain(said)
    for name, model in _models(deployment.get("parameter_openapi_schema")):
        if FILLED in model and isinstance(said.get(name), Mapping):
            said[name] = {**said[name], str(model[FILLED]): person}
    sent: Body = {"parameters": said, "tags": _tags(body, deployment), "state": _state(body)}
    if body.get("name"):
        sent["name"] = body["name"]
    if key := body.get("idempotency_key"):
        sent["idempotency_key"] = f"{person}: {key}"  # a key of a schedule, or of somebody else, is not taken
    return sent


def answer(body: Mapping[str, Any]) -> Body:
    """Give what was answered, without a stamp that somebody may have put in."""
    said = _mapping(body.get("run_input"), "run_input")
    plain(said)
    return {name: value for name, value in said.items() if name != STAMP}


def cancel(body: Mapping[str, Any], person: str) -> Body:
    """Give the state that is set when a person cancels; no other state may be set by people."""
    wanted = _mapping(body.get("state"), "state").get("type")
    if wanted not in CANCELS:
        raise NotLetIn(
            f"state: {wanted!r} is no state that people set, expected CANCELLING; cancel it, or answer it"
        )
    state = {"type": "CANCELLING", "name": "Cancelling", "message": f"{person} cancelled it"}
    return {"state": state, "force": False}


def cancellable(run: Mapping[str, Any], flow: Mapping[str, Any] | None) -> None:
    """Refuse to cancel what runs start for themselves, such as timers: a release would wait on without."""
    if (flow or {}).get("name") not in stories.STORIES:
        raise NotLetIn(
            f"run {run.get('name')!r}: is started by Sendoff itself, expected one of "
            f"{', '.join(stories.STORIES)}; cancel that, or ask an admin"
        )


def plain(said: Any) -> None:
    """Refuse what Prefect would replace by something else: what is stamped has to be what arrives."""
    for each in _mappings(said):
        if "__prefect_kind" in each:
            raise NotLetIn("value: is a template or a variable, expected the value itself; write it out")


def no_infrastructure(body: Any) -> None:
    """Refuse variables of a job: who sets them says what is run, and with which settings."""
    for each in _mappings(body):
        if not _is_bare(each.get("job_variables")):
            raise NotLetIn("job_variables: are set, expected none; they would change how a worker runs this")


def deployment(body: Mapping[str, Any]) -> None:
    """Refuse a deployment that runs other code than ours, or ours with other settings of its worker."""
    entrypoint = body.get("entrypoint")
    if entrypoint and entrypoint not in stories.ENTRYPOINTS:
        raise NotLetIn(
            f"entrypoint: {entrypoint!r} is none of Sendoff, expected one of its own; run `sendoff register`"
        )
    for name in ELSEWHERE:
        if not _is_empty(body.get(name)):
            raise NotLetIn(f"{name}: is set, expected nothing; code comes from where Sendoff is installed")
    job = _mapping(body.get("job_variables"), "job_variables")
    env = _mapping(job.get("env"), "job_variables.env")
    ours = {"env": env, "command": ENGINE}
    for name in [each for each in job if job[each] not in (*NOTHING, ours.get(each))]:
        raise NotLetIn(
            f"job_variables: {name!r} is set, expected what `sendoff register` sets; it would change what a "
            "worker runs"
        )
    block, ours_alone = RESULTS
    if not _is_empty(env.get(block)) and env[block] != ours_alone:
        raise NotLetIn(f"job_variables.env: {block!r} is {env[block]!r}, expected {ours_alone!r}")
    for name in sorted(env.keys() - VARIABLES):
        raise NotLetIn(f"job_variables.env: {name!r} is set, expected what `sendoff register` sets")


def work_pool(body: Mapping[str, Any]) -> None:
    """Refuse a work pool whose jobs are more than the process of a run with the settings of its worker."""
    template = _mapping(body.get("base_job_template"), "base_job_template")
    job = _mapping(template.get("job_configuration"), "job_configuration")
    variables = _mapping(_mapping(template.get("variables"), "variables").get("properties"), "properties")
    for name, value in job.items():
        if value != f"{{{{ {name} }}}}":
            raise NotLetIn(
                f"base_job_template: {name!r} is fixed, expected Prefect's own template for processes"
            )
    for name in ("env", "command", "working_dir", "labels"):
        if _mapping(variables.get(name), name).get("default") not in NOTHING:
            raise NotLetIn(f"base_job_template: {name!r} has a default, expected none; leave it out")


def without_stamp(schema: Any) -> Any:
    """Give the schema of a form without the field that the server fills."""
    if not isinstance(schema, dict) or STAMP not in (schema.get("properties") or {}):
        return schema
    left = {name: value for name, value in schema["properties"].items() if name != STAMP}
    return {**schema, "properties": left, "required": [x for x in schema.get("required", ()) if x != STAMP]}


def _is_known(name: str, value: Any, deployment: Mapping[str, Any]) -> bool:
    """Tell whether it only says again how the deployment is run, as Prefect's forms do."""
    return name in HOW and value == deployment.get(name)


def _models(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the parameters of a form that are a form of their own, each with that one."""
    schema = _mapping(schema, "parameter_openapi_schema")
    definitions = _mapping(schema.get("definitions"), "definitions")
    for name, parameter in _mapping(schema.get("properties"), "properties").items():
        for each in (parameter, *(parameter.get("allOf") or ()), *(parameter.get("anyOf") or ())):
            if model := definitions.get(str(each.get("$ref")).rpartition("/")[2]):
                yield name, model


def settings_of_pages(settings: Any) -> Body:
    """Give the few settings without which Prefect's pages do not draw their menu; the rest is for admins."""
    server = _part(settings, "server")
    ui = _part(server, "ui")
    shown = {name: ui[name] for name in ("show_promotional_content",) if name in ui}
    return {"server": {"ui": shown, "analytics_enabled": server.get("analytics_enabled", False)}}


def _part(whole: Any, name: str) -> Mapping[str, Any]:
    """Give a part that is a mapping, else nothing."""
    part = whole.get(name) if isinstance(whole, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _state(body: Mapping[str, Any]) -> Body:
    given = _mapping(body.get("state"), "state")
    if given and given.get("type") != "SCHEDULED":
        raise NotLetIn(f"state: {given.get('type')!r} is set, expected SCHEDULED; start it now or at a time")
    at = _mapping(given.get("state_details"), "state_details").get("scheduled_time")
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": at} if at else {}}


def _tags(body: Mapping[str, Any], deployment: Mapping[str, Any]) -> list[str]:
    tags = body.get("tags") or []
    known = deployment.get("tags") or ()
    if not isinstance(tags, list) or any(str(tag).startswith("sendoff") and tag not in known for tag in tags):
        raise NotLetIn("tags: some are Sendoff's own, expected others; leave them out")
    return tags


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise NotLetIn(f"{name}: is no mapping, expected one of names to values", 422)
    return value


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _mappings(each)


def _is_bare(job: Any) -> bool:
    """Tell whether nothing of a job is set; a variable that is set to nothing is set: that would unset it."""
    return not job or (isinstance(job, Mapping) and all(value in NOTHING for value in job.values()))


def _is_empty(value: Any) -> bool:
    """Tell whether nothing is said, at any depth; clients send many fields that are empty."""
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return not value
