"""Keep hosts tidy: old releases go, the live one and the one to go back to stay."""

from __future__ import annotations

from prefect import task

from sendoff.plan.models import Plan
from sendoff.targets.protocol import Outcome
from tasks.durable import RETRIED, on_hosts, told
from tasks.left_out import kept
from tasks.run import Run, hosts_in


@task(name="prune", task_run_name="tidy up {host}", **RETRIED)
def prune_on(run: Run, target: str, host: str, plan: Plan) -> Outcome:
    """Remove the oldest releases of one host beyond the number to keep."""
    spare = frozenset(name for name in (plan.previous(host), plan.subject.release_name) if name)
    with run.step("prune", target, host) as step:
        return step.came_to(run.host(target, host).prune(run.fleet(target).keep, spare))


def prune(run: Run, plan: Plan) -> None:
    """Tidy up all hosts; what cannot be tidied now is tidied by the next release."""
    served = on_hosts(run, prune_on, kept(run, hosts_in(plan.batches)), plan=plan)
    if served.errors:
        run.say(f"not tidied, which does no harm:\n{told(served.errors)}")
