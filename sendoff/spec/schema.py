"""The release file as JSON Schema, for editors."""

from __future__ import annotations

from typing import Any

from sendoff.spec.models import ReleaseFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Describe the release file as JSON Schema, draft 2020-12; durations may be text."""
    described = ReleaseFile.model_json_schema()
    return {"$schema": DIALECT, **described, "title": "Sendoff release file"}
