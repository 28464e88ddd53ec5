"""The form where a freeze holds a release: as where nobody signs in, and as where people do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sendoff.timing.rules import Reason
from tasks.holding import form

FREEZES = [Reason(kind="freeze", said="Year end", owner="ops"), Reason(kind="freeze", said="x", owner="ada")]


def schema(signed_by: Path | None) -> dict[str, Any]:
    run: Any = SimpleNamespace(settings=SimpleNamespace(signed_by=signed_by))
    made = form(run, FREEZES, "c0dec0de", "what holds it")
    assert made._description == "what holds it"
    return made.model_json_schema()


def test_form() -> None:
    """There is no default, and whose freezes these are is said."""
    found = schema(None)
    assert found["properties"]["decision"]["enum"] == ["wait", "ship anyway"]
    assert found["required"] == ["decision", "who"]
    assert found["properties"]["who"]["description"] == "Who you are: ops or ada"
    assert found["properties"]["code"]["default"] == "c0dec0de"


def test_where_people_sign_in() -> None:
    """Nobody is asked who they are: the server says it."""
    assert set(schema(Path("key"))["properties"]) == {"decision", "comment", "code", "stamp"}
