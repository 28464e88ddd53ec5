"""Build a version, once for all environments."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.attempt import STORY, Attempt
from sendoff.spec.intent import Intent, What
from tasks.build import build as build_it
from tasks.run import Place


@flow(name="build", flow_run_name="build {what.application} {what.version}", **STORY)
def build(what: What, why: Intent) -> State[None]:
    """Build a version and put it into the artifact store; nothing is changed on any host.

    Args:
        what: What is to be built, and for which environment it is meant
        why: Why it is built, and with which risk
    """
    with Attempt("build", Place.of(what), what.version, why, changes=False) as attempt:
        build_it(attempt.begin())
    return attempt.state
