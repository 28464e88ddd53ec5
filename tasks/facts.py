"""Look at every host, and refuse to start when one of them is not ready."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import task

from sendoff.artifact.manifest import Artifact
from sendoff.errors import PolicyRefused, SendoffError, StepErrored
from sendoff.plan.ground import counted
from sendoff.plan.models import HostState
from sendoff.targets.preflight import problems
from sendoff.targets.protocol import HostFacts, Outcome
from tasks.durable import RETRIED, HostKey, Served, on_hosts, told
from tasks.left_out import kept
from tasks.pinned import pinned
from tasks.remove import remove_dark
from tasks.run import Run
from tasks.trouble import Errors, Work, carry_through


@task(name="look at", task_run_name="look at {host}", **RETRIED)
def look_at(run: Run, target: str, host: str) -> HostFacts:
    """Read what is true on a host now; never from a cache."""
    return run.host(target, host).facts()


def look_everywhere(run: Run) -> Served:
    """Read the facts of all hosts that the run has not left out, side by side."""
    return on_hosts(run, look_at, kept(run, run.everywhere()))


def preflight(run: Run, artifact: Artifact) -> dict[HostKey, HostFacts]:
    """Find every reason, on every host, why the release could not be carried out; changes nothing.

    Hosts that cannot be reached are put to a person; those that are left out are not in what is given back.
    """
    facts: dict[HostKey, HostFacts] = {}

    def look(hosts: list[HostKey]) -> Errors:
        try:
            with run.step("preflight", run.place.environment) as step:
                facts.update(_ready(run, artifact, hosts))
                ready = counted(run.environment, (host for _, host in facts))
                said = f"{ready} reachable and ready"
                notes = (f"; {each.host}: {note}" for each in facts.values() for note in each.notes)
                step.came_to(Outcome(changed=False, said=said + "".join(notes)))
        except _OutOfReach as error:
            facts.update(error.seen.results)
            return error.seen.errors
        return {}

    hosts = run.everywhere()
    undo = partial(remove_dark, run, artifact.release_name)
    carry_through(run, Work("preflight", hosts, look, of=len(hosts), undo=undo))
    return facts


class _OutOfReach(StepErrored):
    """Some hosts could not be looked at, and that is all that is wrong."""

    def __init__(self, seen: Served) -> None:
        super().__init__(told(seen.errors))
        self.seen = seen


def _ready(run: Run, artifact: Artifact, hosts: list[HostKey]) -> dict[HostKey, HostFacts]:
    seen, number = on_hosts(run, look_at, hosts), run.lease.token if run.lease else 0
    found = [each for facts in seen.results.values() for each in problems(facts, artifact.size, number)]
    broken = [error for error in seen.errors.values() if isinstance(error, StepErrored)]
    if not found and broken and len(broken) == len(seen.errors):
        raise _OutOfReach(seen)
    if found or seen.errors:
        raise _unready(run, [*told(seen.errors).splitlines(), *found], list(seen.errors.values()))
    return seen.results


def lacking(facts: dict[HostKey, HostFacts], release: str) -> list[HostKey]:
    """List the hosts that a release does not lie on."""
    return [key for key, each in facts.items() if release not in each.releases]


def staged_everywhere(run: Run, artifact: Artifact) -> None:
    """Refuse to go live with what has not been deployed to every host that is not left out."""
    if pinned(run):
        return
    if missing := lacking(preflight(run, artifact), artifact.release_name):
        hosts = ", ".join(host for _, host in missing)
        raise PolicyRefused(
            f"{run.place}: {artifact.version} does not lie on {hosts}, expected it on every host; "
            "run `deploy` first, or `release`, which does both"
        )


def states(facts: dict[HostKey, HostFacts], besides: dict[HostKey, dict[str, Any]]) -> list[HostState]:
    """Keep of the facts what a plan rests on; of hosts that are left out, what was known of them then."""
    live = {key: each.live for key, each in facts.items()} | {
        key: body["live"] for key, body in besides.items()
    }
    return [HostState(target=target, host=host, live=name) for (target, host), name in live.items()]


def _unready(run: Run, found: list[str], errors: list[SendoffError]) -> SendoffError:
    lines = "\n".join(f"- {each}" for each in found)
    text = f"{run.place}: not ready, nothing was changed; put right what is listed and start again:\n{lines}"
    broken = any(isinstance(error, StepErrored) for error in errors)
    return StepErrored(text) if broken else PolicyRefused(text)
