"""Give a release a growing share of the traffic, and go on only where it is no worse than what was live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prefect import task

from sendoff.artifact.manifest import version_of
from sendoff.errors import CheckFailed, NotBegun, PolicyRefused, SendoffError
from sendoff.ledger.models import Event, Kind
from sendoff.plan.models import Plan
from sendoff.spec.canary import Canary, CanaryStep, Comparison
from sendoff.spec.cloud import CloudTarget
from sendoff.spec.models import canary_of
from sendoff.targets.protocol import Outcome, ShiftingTarget
from tasks.check import check_canary_on, checked
from tasks.durable import RETRIED, HostKey, on_hosts
from tasks.measuring import measured
from tasks.run import Run
from tasks.trouble import Errors


@task(name="shift traffic", task_run_name="give {share} of {host} to the release", **RETRIED)
def shift_on(run: Run, target: str, host: str, release: str, weight: int, share: str) -> Outcome:
    """Give the release its share of one target's traffic."""
    with run.step("shift", target, host) as step:
        return step.came_to(shifting(run, target, host).shift(release, weight))


@task(name="compare", task_run_name="compare on {host}", **RETRIED)
def compare_on(
    run: Run, target: str, host: str, plan: Plan, compared: Sequence[Comparison], since: Event
) -> Outcome:
    """Compare what the release does with what the one does that was live before; CheckFailed when worse."""
    with run.step("compare", target, host) as step:
        said = [_compare(run, target, host, plan, each, since) for each in compared]
        return step.came_to(Outcome(changed=False, said="; ".join(said)))


def through_canary(run: Run, plan: Plan, hosts: Sequence[HostKey]) -> dict[HostKey, SendoffError]:
    """Take targets that have a canary through its steps, one after the other; gives what was wrong, for each.

    A rollback goes back at once: what it goes back to has been live. What a process before this one came
    through counts; where it died while it watched, the rest of that time is watched.
    """
    errors: dict[HostKey, SendoffError] = {}
    for key in hosts:
        canary = canary_of(run.fleet(key[0]))
        if canary is None or plan.kind == "rollback" or _has_switched(run, plan, key):
            continue
        for number, step in enumerate(canary.steps, start=1):
            if _has_passed(run, key, number):
                continue
            if wrong := _step(run, plan, key, canary, number, step):
                errors.update(wrong)
                break
    return errors


def shifting(run: Run, target: str, host: str) -> ShiftingTarget:
    """Give a host as one that can shift traffic."""
    found = run.host(target, host)
    if not isinstance(found, ShiftingTarget):
        raise PolicyRefused(
            f"{host}: it cannot give a part of its traffic to a release, expected no `canary`; remove it"
        )
    return found


def _has_switched(run: Run, plan: Plan, key: HostKey) -> bool:
    """Tell whether all of the traffic is the release's already."""
    release = plan.subject.release_name
    moves = run.ledger.events(run.id, ("host.live",))
    return any(
        (each.body["target"], each.body["host"], each.body["release_name"]) == (*key, release)
        for each in moves
    )


def _step(run: Run, plan: Plan, key: HostKey, canary: Canary, number: int, step: CanaryStep) -> Errors:
    """Shift, look, watch, look again and compare; gives what was wrong."""
    release, share = plan.subject.release_name, f"{step.weight} %"
    if wrong := on_hosts(run, shift_on, [key], release=release, weight=step.weight, share=share).errors:
        return wrong
    words = {
        "step": number,
        "of": len(canary.steps),
        "weight": step.weight,
        "soak": step.soak,
        "release_name": release,
        "version": plan.subject.version,
        "previous": plan.previous(key[1]),
    }
    shifted = _write(run, "canary.shifted", key, words)
    looked = checked(run, "canary", [key])
    if wrong := on_hosts(run, check_canary_on, looked, release=release).errors:
        return wrong
    _watch(run, shifted, step)
    if wrong := on_hosts(run, check_canary_on, looked, release=release).errors:
        return wrong
    measured_on = [key] if canary.compare else []
    if wrong := on_hosts(
        run, compare_on, measured_on, plan=plan, compared=canary.compare, since=shifted
    ).errors:
        return wrong
    _write(run, "canary.passed", key, words)
    return {}


def _watch(run: Run, shifted: Event, step: CanaryStep) -> None:
    """Wait until the release has had its share for as long as it is to be watched."""
    until = shifted.at + timedelta(seconds=step.soak)
    run.say(f"{shifted.body['host']}: watched until {until:%H:%M:%S} UTC at {step.weight} % of the traffic")
    while (left := (until - run.now()).total_seconds()) > 0:
        if run.stopping.wait(left):
            raise NotBegun(f"{shifted.body['host']}: the next step of the canary was not begun")


def _compare(run: Run, target: str, host: str, plan: Plan, comparison: Comparison, since: Event) -> str:
    """Compare once, and write down what came of it; CheckFailed when it is worse, or nobody knows."""
    before = plan.previous(host)
    if before is None:
        return f"{comparison.name}: not compared, as nothing of ours was live before"
    described, asked = run.fleet(target), shifting(run, target, host)
    if not isinstance(described, CloudTarget):
        raise PolicyRefused(
            f"{host}: it has no metrics that could be compared, expected no `canary`; remove it"
        )
    verdict = measured(run, described, asked, comparison, plan.subject.release_name, before, since.at)
    passed = verdict.state == "no worse" or (
        verdict.state == "not enough data" and comparison.without_data == "go on"
    )
    body = {
        "target": target,
        "host": host,
        "step": since.body["step"],
        "comparison": comparison.name,
        "than": version_of(before),
        "passed": passed,
        **verdict.model_dump(mode="json"),
    }
    run.record("canary.compared", body)
    if not passed:
        raise CheckFailed(f"{host}: {verdict.said}")
    return verdict.said


def _write(run: Run, kind: Kind, key: HostKey, words: dict[str, Any]) -> Event:
    """Write down how far the canary is; the first time counts."""
    target, host = key
    at = f"{kind}/{target}/{host}/{words['step']}"
    return run.record(kind, {"target": target, "host": host, **words}, key=at)


def _has_passed(run: Run, key: HostKey, number: int) -> bool:
    passed = run.ledger.events(run.id, ("canary.passed",))
    return any(
        (each.body["target"], each.body["host"], each.body["step"]) == (*key, number) for each in passed
    )
