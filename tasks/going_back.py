"""Plan the way back to a release that was live before."""

from __future__ import annotations

from sendoff.artifact.manifest import Artifact
from sendoff.plan.make import make_rollback_plan
from sendoff.plan.models import Plan
from tasks.durable import HostKey
from tasks.facts import lacking, preflight, states
from tasks.left_out import left_out
from tasks.pinned import pinned
from tasks.planning import write_down
from tasks.run import Run, hosts_in


def plan_rollback(run: Run, artifact: Artifact) -> tuple[Plan, list[HostKey]]:
    """Plan to switch every host to the artifact; gives also the hosts that it is gone from."""
    if known := pinned(run):
        gone_from = {host for step in known.steps if step.action == "deploy" for host in step.hosts}
        return known, [key for key in hosts_in(known.batches) if key[1] in gone_from]
    facts, gone = preflight(run, artifact), left_out(run)
    missing = lacking(facts, artifact.release_name)
    plan = make_rollback_plan(
        run.file,
        run.config_digest,
        run.place.environment,
        artifact,
        states(facts, gone),
        missing=[host for _, host in missing],
        left_out=[host for _, host in gone],
    )
    write_down(run, plan)
    return plan, missing
