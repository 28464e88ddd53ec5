"""Put a release on hosts, dark: it is there, whole and checked, and nobody sees it."""

from __future__ import annotations

from functools import partial

from prefect import task

from sendoff.artifact.manifest import Artifact
from sendoff.errors import StepErrored
from sendoff.plan.models import Plan
from sendoff.report.words import count
from sendoff.targets.protocol import Outcome
from tasks.durable import ONCE, HostKey, Progress, on_hosts, told
from tasks.facts import lacking, look_everywhere
from tasks.gates import gates_of
from tasks.hold import hold
from tasks.remove import remove_dark
from tasks.run import Run, hosts_in
from tasks.trouble import Errors, Work, carry_through


@task(name="deploy to", task_run_name="deploy to {host}", **ONCE)
def deploy_to(run: Run, target: str, host: str, artifact: Artifact) -> Outcome:
    """Stage, check and seal the release on one host."""
    with run.step("deploy", target, host) as step:
        return step.came_to(run.host(target, host).deploy(artifact, run.store))


def deploy(
    run: Run, plan: Plan, artifact: Artifact, only: list[HostKey] | None = None, again: bool = False
) -> None:
    """Deploy to all hosts of the plan, or `only` some; a host that cannot be served is put to a person.

    `again`: also to hosts that this run has served before.
    """
    hosts = hosts_in(plan.batches) if only is None else only
    task = deploy_to.with_options(refresh_cache=True) if again else deploy_to

    def put(hosts: list[HostKey]) -> Errors:
        progress = Progress(run, f"Deploy {artifact.version}", len(hosts))
        errors = on_hosts(run, task, hosts, progress, artifact=artifact).errors
        if all(isinstance(error, StepErrored) for error in errors.values()):
            return errors
        remove()
        raise StepErrored(
            f"{artifact.version} could not be put on {len(errors)} of {count(len(hosts), 'host')}; "
            f"nothing went live, and what was put on the others was removed:\n{told(errors)}"
        )

    remove = partial(remove_dark, run, plan.subject.release_name)
    hold(run, "deploy")
    carry_through(run, Work("deploy", hosts, put, of=len(hosts), undo=remove))


def deploy_again(run: Run, plan: Plan, artifact: Artifact) -> None:
    """Deploy once more to hosts that have lost the release while it waited, before any traffic moves."""
    waited = gates_of(run) or run.ledger.last(run.id, ("release.held",))
    if not waited or run.has_switched():
        return
    hold(run, "go-live")
    if missing := lacking(look_everywhere(run).results, plan.subject.release_name):
        run.say(
            f"{artifact.version} is gone from {', '.join(host for _, host in missing)}; it is put there again"
        )
        deploy(run, plan, artifact, only=missing, again=True)
