"""Look at every host, and refuse to start when one of them is not ready."""

from __future__ import annotations

from prefect import task

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused, SendoffError, StepErrored
from sendoff.plan.models import HostState
from sendoff.report.words import count
from sendoff.targets.preflight import problems
from sendoff.targets.protocol import HostFacts, Outcome
from tasks.durable import RETRIED, HostKey, Served, on_hosts
from tasks.run import Run


@task(name="look at", task_run_name="look at {host}", **RETRIED)
def look_at(run: Run, target: str, host: str) -> HostFacts:
    """Read what is true on a host now; never from a cache."""
    return run.host(target, host).facts()


def look_everywhere(run: Run) -> Served:
    """Read the facts of all hosts of the environment side by side."""
    return on_hosts(run, look_at, run.everywhere())


def preflight(run: Run, artifact: Artifact) -> dict[HostKey, HostFacts]:
    """Find every reason, on every host, why the release could not be carried out; changes nothing."""
    with run.step("preflight", run.place.environment) as step:
        facts = _ready(run, artifact)
        step.came_to(Outcome(changed=False, said=f"{count(len(facts), 'host')} reachable and ready"))
        return facts


def _ready(run: Run, artifact: Artifact) -> dict[HostKey, HostFacts]:
    seen = look_everywhere(run)
    found: list[str] = []
    for target, host in run.everywhere():
        if error := seen.errors.get((target, host)):
            found.append(str(error) if host in str(error) else f"{host}: {error}")
        else:
            found += problems(seen.results[target, host], artifact.size, run.lease.token if run.lease else 0)
    if found:
        raise _unready(run, found, list(seen.errors.values()))
    return seen.results


def lacking(facts: dict[HostKey, HostFacts], release: str) -> list[HostKey]:
    """List the hosts that a release does not lie on."""
    return [key for key, each in facts.items() if release not in each.releases]


def staged_everywhere(run: Run, artifact: Artifact) -> None:
    """Refuse to go live with what has not been deployed to every host."""
    if missing := lacking(preflight(run, artifact), artifact.release_name):
        hosts = ", ".join(host for _, host in missing)
        raise PolicyRefused(
            f"{run.place}: {artifact.version} does not lie on {hosts}, expected it on every host; "
            "run `deploy` first, or `release`, which does both"
        )


def states(facts: dict[HostKey, HostFacts]) -> list[HostState]:
    """Keep of the facts what a plan rests on."""
    return [HostState(target=target, host=host, live=each.live) for (target, host), each in facts.items()]


def _unready(run: Run, found: list[str], errors: list[SendoffError]) -> SendoffError:
    lines = "\n".join(f"- {each}" for each in found)
    text = f"{run.place}: not ready, nothing was changed; put right what is listed and start again:\n{lines}"
    broken = any(isinstance(error, StepErrored) for error in errors)
    return StepErrored(text) if broken else PolicyRefused(text)
