"""How far a service is on its way, in the shapes that AWS documents."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.targets.load_balancer.rollout import rollout, unfit

ARN = "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop"
OLD, NEW = f"{ARN}:6", f"{ARN}:7"
GROUP = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop-blue/943f017f100becff"
REASON = "ECS deployment ecs-svc/2 failed: tasks failed to start."
BACK = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."


def deployment(revision: str, status: str, state: str, reason: str = "") -> dict[str, Any]:
    return {
        "id": "ecs-svc/1",
        "status": status,
        "taskDefinition": revision,
        "desiredCount": 2,
        "runningCount": 1,
        "failedTasks": 0,
        "rolloutState": state,
        "rolloutStateReason": reason,
    }


def service(*deployments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "serviceName": "shop-blue",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "deployments": list(deployments),
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "shop", "containerPort": 80}],
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        **more,
    }


@pytest.mark.parametrize(
    ("deployments", "lacks", "is_underway"),
    [
        ([deployment(NEW, "PRIMARY", "COMPLETED")], None, True),
        (
            [deployment(NEW, "PRIMARY", "IN_PROGRESS"), deployment(OLD, "ACTIVE", "COMPLETED")],
            "1 task of 2 run shop:7",
            True,
        ),
        ([deployment(NEW, "PRIMARY", "FAILED", REASON)], f"shop:7 failed: {REASON}", False),
        (
            [deployment(OLD, "PRIMARY", "IN_PROGRESS", BACK), deployment(NEW, "ACTIVE", "FAILED", REASON)],
            f"shop:7 failed: {REASON}",
            False,
        ),
        ([deployment(OLD, "PRIMARY", "COMPLETED")], "shop:6 is what counts, not shop:7", False),
        (
            [deployment(NEW, "PRIMARY", "IN_PROGRESS"), deployment(NEW, "ACTIVE", "FAILED", REASON)],
            "1 task of 2 run shop:7",
            True,
        ),
        ([], "none is what counts, not shop:7", False),
    ],
    ids=["done", "under way", "failed", "going back", "went back, and is stable", "tried anew", "nothing"],
)
def test_rollout(deployments: list[dict[str, Any]], lacks: str | None, is_underway: bool) -> None:
    """Only when the revision that is meant is PRIMARY and COMPLETED, does nothing lack."""
    assert rollout(service(*deployments), NEW) == (lacks, is_underway)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"status": "DRAINING"}, "is DRAINING, expected it to be ACTIVE"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, "deployed by CODE_DEPLOY as ROLLING"),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, "deployed by ECS as BLUE_GREEN"),
        ({"loadBalancers": []}, f"is not behind {GROUP}"),
        ({"desiredCount": 0}, "is to run no task"),
    ],
    ids=["fit", "not active", "CodeDeploy", "blue/green by ECS", "another group", "no task"],
)
def test_unfit(changes: dict[str, Any], said: str | None) -> None:
    """A service that cannot be rolled out to is told with the reason."""
    found = unfit(service(deployment(OLD, "PRIMARY", "COMPLETED"), **changes), GROUP)
    assert (found is None) if said is None else (said in str(found))
