"""Put a release on hosts, dark: it is there, whole and checked, and nobody sees it."""

from __future__ import annotations

from prefect import task

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from sendoff.plan.models import Plan
from sendoff.targets.protocol import Outcome
from tasks.durable import ONCE, RETRIED, HostKey, Progress, on_hosts, told
from tasks.facts import lacking, look_everywhere
from tasks.run import Run, hosts_in


@task(name="deploy to", task_run_name="deploy to {host}", **ONCE)
def deploy_to(run: Run, target: str, host: str, artifact: Artifact) -> Outcome:
    """Stage, check and seal the release on one host."""
    with run.step("deploy", target, host) as step:
        return step.came_to(run.host(target, host).deploy(artifact, run.store))


@task(name="remove from", task_run_name="remove the dark release from {host}", **RETRIED)
def remove_from(run: Run, target: str, host: str, release: str) -> Outcome:
    """Take a release that never went live away again."""
    with run.step("remove", target, host) as step:
        return step.came_to(run.host(target, host).remove(release))


def deploy(
    run: Run, plan: Plan, artifact: Artifact, only: list[HostKey] | None = None, again: bool = False
) -> None:
    """Deploy to all hosts of the plan, or `only` some; if any cannot be served, take all of it back.

    `again`: also to hosts that this run has served before.
    """
    hosts = hosts_in(plan.batches) if only is None else only
    progress = Progress(run, f"Deploy {artifact.version}", len(hosts))
    task = deploy_to.with_options(refresh_cache=True) if again else deploy_to
    served = on_hosts(run, task, hosts, progress, artifact=artifact)
    if served.errors:
        remove_dark(run, plan)
        raise StepErrored(
            f"{artifact.version} could not be put on {len(served.errors)} of {len(hosts)} hosts; "
            f"nothing went live, and what was put on the others was removed:\n{told(served.errors)}"
        )


def deploy_again(run: Run, plan: Plan, artifact: Artifact) -> None:
    """Deploy once more to hosts that have lost the release while people decided, before any traffic moves."""
    if not run.environment.gates or run.has_switched():
        return
    if missing := lacking(look_everywhere(run).results, plan.subject.release_name):
        run.say(
            f"{artifact.version} is gone from {', '.join(host for _, host in missing)}; it is put there again"
        )
        deploy(run, plan, artifact, only=missing, again=True)


def remove_dark(run: Run, plan: Plan) -> None:
    """Remove what this run put on hosts and nobody uses; leaves what had been there before it."""
    release = plan.subject.release_name
    staged = [
        (event.body["target"], event.body["host"])
        for event in run.ledger.events(release=run.id, kinds=("step.done",))
        if event.body["action"] == "deploy" and event.body["changed"]
    ]
    gone = on_hosts(run, remove_from, list(dict.fromkeys(staged)), release=release)
    if gone.errors:
        run.say(f"{release} still lies dark on some hosts; it does no harm there:\n{told(gone.errors)}")
