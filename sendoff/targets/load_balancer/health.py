"""Whether the targets of a side are healthy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

LEAVING = "draining"


def unhealthy(targets: Iterable[Mapping[str, Any]]) -> str | None:
    """Say which targets are not healthy, or that there is none; those that leave do not count."""
    staying = [each for each in targets if each["TargetHealth"]["State"] != LEAVING]
    if not staying:
        return "no target is registered"
    wrong = [_told(each) for each in staying if not is_healthy(each)]
    return "; ".join(wrong) if wrong else None


def is_healthy(target: Mapping[str, Any]) -> bool:
    """Tell whether a target gets requests."""
    return bool(target["TargetHealth"]["State"] == "healthy")


def _told(target: Mapping[str, Any]) -> str:
    where, health = target["Target"], target["TargetHealth"]
    reasons = [health[key] for key in ("Reason", "Description") if health.get(key)]
    reason = f" ({', '.join(reasons)})" if reasons else ""
    return f"{where['Id']}:{where.get('Port', '-')} is {health['State']}{reason}"
