"""The base of every model, and the one canonical form that digests are made of."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A strict, immutable model: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def canonical(value: Any) -> bytes:
    """Serialise to the one form with sorted keys, no spaces and no floats that JSON cannot say; UTF-8."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: Any) -> str:
    """Digest the canonical form: 64 hexadecimal digits of SHA-256."""
    return hashlib.sha256(canonical(value)).hexdigest()


def short(value: Any) -> str:
    """Shorten the digest to what a person can compare: 8 digits."""
    return digest(value)[:8]
