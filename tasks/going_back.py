"""Plan the way back to a release that was live before."""

from __future__ import annotations

from sendoff.artifact.manifest import Artifact
from sendoff.plan.make import make_rollback_plan
from sendoff.plan.models import Plan
from tasks.durable import HostKey
from tasks.facts import lacking, preflight, states
from tasks.planning import write_down
from tasks.run import Run


def plan_rollback(run: Run, artifact: Artifact) -> tuple[Plan, list[HostKey]]:
    """Plan to switch every host to the artifact; gives also the hosts that it is gone from."""
    facts = preflight(run, artifact)
    missing = lacking(facts, artifact.release_name)
    hosts = [host for _, host in missing]
    plan = make_rollback_plan(
        run.file, run.config_digest, run.place.environment, artifact, states(facts), hosts
    )
    write_down(run, plan)
    return plan, missing
