"""How an emergency release is marked, wherever people read of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sendoff.report.words import listing, sentence

EMERGENCY = "EMERGENCY"


def marked(text: str, created: Mapping[str, Any]) -> str:
    """Put the word in front of what names an emergency release; `created` is the body of its beginning."""
    return f"{EMERGENCY}: {text}" if emergency_of(created) else text


def emergency_of(created: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what was said of an emergency when a release was started; empty when it is none."""
    return (created.get("why") or {}).get("emergency") or {}


def what_it_skips(created: Mapping[str, Any]) -> str:
    """Say what an emergency release skips, and why; empty when it is none."""
    emergency = emergency_of(created)
    if not emergency:
        return ""
    skipped = listing(map(str, emergency.get("skip") or ()))
    return f"{EMERGENCY}: this release skips {skipped}. Why: {sentence(str(emergency.get('reason') or ''))}"
