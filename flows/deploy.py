"""Put a version on the hosts of an environment, dark."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY, Attempt
from sendoff.spec.intent import Intent, What
from tasks.build import build
from tasks.check import check_dark
from tasks.deploy import deploy as deploy_it
from tasks.planning import Planner
from tasks.run import Place


@flow(
    name="deploy",
    flow_run_name="deploy {what.application} {what.version} to {what.environment}, dark",
    **STORY,
)
def deploy(what: What, why: Intent) -> State[None]:
    """Build a version, put it on the hosts and check it there; it gets no traffic until it goes live.

    Args:
        what: What is to be deployed, and to where
        why: Why it is deployed, and with which risk
    """
    with Attempt("deploy", Place.of(what), what.version, why) as attempt:
        run = attempt.begin()
        artifact = build(run)
        plan = Planner(run, artifact).plan()
        deploy_it(run, plan, artifact)
        check_dark(run, plan)
    return attempt.state
