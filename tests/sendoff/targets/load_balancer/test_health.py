"""Whether the targets of a side are healthy, in the shapes that AWS documents."""

from __future__ import annotations

from typing import Any

import pytest

from sendoff.targets.load_balancer.health import unhealthy


def target(state: str, reason: str = "", description: str = "") -> dict[str, Any]:
    health = {"State": state, "Reason": reason, "Description": description}
    return {
        "Target": {"Id": "10.0.0.1", "Port": 80},
        "HealthCheckPort": "80",
        "TargetHealth": {key: value for key, value in health.items() if value},
    }


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ([target("healthy"), target("healthy")], None),
        ([target("healthy"), target("draining", "Target.DeregistrationInProgress")], None),
        ([], "no target is registered"),
        ([target("draining")], "no target is registered"),
        (
            [target("healthy"), target("unhealthy", "Target.ResponseCodeMismatch", "Codes: [502]")],
            "10.0.0.1:80 is unhealthy (Target.ResponseCodeMismatch, Codes: [502])",
        ),
        (
            [target("initial", "Elb.RegistrationInProgress")],
            "10.0.0.1:80 is initial (Elb.RegistrationInProgress)",
        ),
        ([target("unused", "Target.NotInUse")], "10.0.0.1:80 is unused (Target.NotInUse)"),
    ],
    ids=["healthy", "one leaves", "none", "all leave", "unhealthy", "initial", "unused"],
)
def test_unhealthy(targets: list[dict[str, Any]], said: str | None) -> None:
    """All that stay have to be healthy, and there has to be one."""
    assert unhealthy(targets) == said
