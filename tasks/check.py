"""Look whether a release is good: dark, before anyone sees it, and live."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from prefect import task

from sendoff.checks import CheckResult, run_check
from sendoff.errors import CheckFailed, StepErrored
from sendoff.plan.models import Plan
from sendoff.spec.models import Check, When
from sendoff.targets.protocol import Outcome
from tasks.durable import ONCE, RETRIED, HostKey, on_hosts, told
from tasks.facts import look_everywhere
from tasks.remove import remove_dark
from tasks.run import Run, hosts_in
from tasks.trouble import Errors, Work, carry_through


@task(name="check dark", task_run_name="check dark on {host}", **ONCE)
def check_dark_on(run: Run, target: str, host: str, release: str) -> list[CheckResult]:
    """Check the release on a host before it gets traffic."""
    return _check(run, target, host, release, "dark")


@task(name="check live", task_run_name="check {host}", **RETRIED)
def check_live_on(run: Run, target: str, host: str, release: str) -> list[CheckResult]:
    """Check what a host serves now."""
    return _check(run, target, host, release, "live")


@task(name="check canary", task_run_name="check {host} as a canary", **RETRIED)
def check_canary_on(run: Run, target: str, host: str, release: str) -> list[CheckResult]:
    """Check the release while it has a part of the traffic: as while dark, and as is for canaries."""
    return _check(run, target, host, release, "canary")


def check_dark(run: Run, plan: Plan) -> None:
    """Check the release on all hosts before it goes live; a failure stops it, and nothing had gone live."""
    release = plan.subject.release_name
    hosts = checked(run, "dark", hosts_in(plan.batches))
    if not hosts:
        return

    def check(hosts: list[HostKey]) -> Errors:
        errors = on_hosts(run, check_dark_on, hosts, release=release).errors
        if all(isinstance(error, StepErrored) for error in errors.values()):
            return errors
        text = f"{plan.subject.version} is not good, as checked before it went live; nothing went live:\n"
        raise CheckFailed(text + told(errors))

    undo = partial(remove_dark, run, release)
    carry_through(run, Work("check-dark", hosts, check, of=len(hosts), undo=undo))


def check_what_is_live(run: Run) -> None:
    """Check what each host serves now, whatever that is."""
    seen = look_everywhere(run)
    errors = dict(seen.errors)
    for key, facts in seen.results.items():
        if facts.live is None:
            errors[key] = CheckFailed("nothing is live here")
    live = {key: facts.live for key, facts in seen.results.items() if facts.live}
    for key, release in live.items():
        errors.update(on_hosts(run, check_live_on, [key], release=release).errors)
    if errors:
        broken = all(isinstance(error, StepErrored) for error in errors.values())
        raise (StepErrored if broken else CheckFailed)(f"{run.place} is not healthy:\n{told(errors)}")


def checked(run: Run, when: When, hosts: Iterable[HostKey]) -> list[HostKey]:
    """List the hosts of which something is checked at one moment."""
    return [key for key in hosts if run.environment.checks_of(key[0], when)]


def _check(run: Run, target: str, host: str, release: str, when: When) -> list[CheckResult]:
    with run.step(f"check-{when}", target, host) as step:
        results = [
            _check_once(run, target, host, release, check)
            for check in run.environment.checks_of(target, when)
        ]
        if bad := [result.said for result in results if not result.passed]:
            raise CheckFailed(run.mask("; ".join(bad)))
        step.came_to(Outcome(changed=False, said="; ".join(result.said for result in results) or "no checks"))
        return results


def _check_once(run: Run, target: str, host: str, release: str, check: Check) -> CheckResult:
    result = run_check(
        check,
        host,
        run.values(target, host, release),
        run.host(target, host),
        release=release,
        clock=time.monotonic,
        sleep=time.sleep,
    )
    body = {**result.model_dump(mode="json", exclude={"name"}), "check": check.name, "when": check.when}
    run.record("check.done", body)
    return result
