"""How far a service is on its way to a revision. That it is stable says nothing: it may have gone back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sendoff.report.words import count

ROLLING = "ECS"


class Rollout(NamedTuple):
    """What one look shows: what lacks until it is done, and whether it is going there at all."""

    lacks: str | None
    is_underway: bool = True


def rollout(service: Mapping[str, Any], revision: str) -> Rollout:
    """Compare the deployment that counts with the revision that is meant to run.

    ECS calls a service stable that its circuit breaker rolled back: then another revision is PRIMARY.
    """
    deployments = service["deployments"]
    primary = next((each for each in deployments if each["status"] == "PRIMARY"), None)
    counts = primary["taskDefinition"] if primary else "none"
    tried = [primary] if primary and counts == revision else deployments
    for each in tried:
        if each["taskDefinition"] == revision and each.get("rolloutState") == "FAILED":
            reason = each.get("rolloutStateReason") or "ECS gives no reason"
            return Rollout(f"{_short(revision)} failed: {reason}", is_underway=False)
    if primary is None or counts != revision:
        return Rollout(f"{_short(counts)} is what counts, not {_short(revision)}", is_underway=False)
    if primary.get("rolloutState") != "COMPLETED":
        running = count(primary.get("runningCount", 0), "task")
        return Rollout(f"{running} of {service['desiredCount']} run {_short(revision)}")
    return Rollout(None)


def unfit(service: Mapping[str, Any], target_group: str) -> str | None:
    """Say why releases cannot be rolled out to a service; None when they can."""
    name = service["serviceName"]
    if service.get("status", "ACTIVE") != "ACTIVE":
        return f"service {name} is {service['status']}, expected it to be ACTIVE; make it again"
    controller = (service.get("deploymentController") or {}).get("type", ROLLING)
    strategy = (service.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    if (controller, strategy) != (ROLLING, "ROLLING"):
        return (
            f"service {name} is deployed by {controller} as {strategy}, expected rolling updates by ECS, as "
            "the load balancer has two sides already; make it with the deployment controller ECS"
        )
    if target_group not in [each.get("targetGroupArn") for each in service.get("loadBalancers", ())]:
        return (
            f"service {name} is not behind {target_group}, expected its tasks to register there; correct "
            "`service` or `target_group` in the release file"
        )
    if not service["desiredCount"]:
        return f"service {name} is to run no task, expected at least one; raise its desired count"
    return None


def _short(revision: str) -> str:
    return revision.rpartition("/")[2]
