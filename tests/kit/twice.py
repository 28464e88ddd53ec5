"""A deed that is killed: two requests, the first to one service, the second to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.kit.emulators import connect


def prepare(described: dict[str, Any]) -> Callable[[str], None]:
    """Make one client before, and have the deed make the other."""
    parameters = connect("ssm", described["endpoint"])

    def deed(name: str) -> None:
        parameters.put_parameter(Name=name, Value="1", Type="String")
        connect("s3", described["endpoint"]).put_object(Bucket="any", Key=name, Body=b"1")

    return deed
