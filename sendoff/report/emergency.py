"""How an emergency release is marked, wherever people read of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sendoff.report.words import listing, sentence

EMERGENCY = "EMERGENCY"


def red() -> str:
    """Draw the word in red, as Markdown: where pictures are not shown, the word itself stands there."""
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="150" height="28">'
        '<rect width="150" height="28" rx="4" fill="#c00000"/>'
        '<text x="75" y="20" fill="#ffffff" font-family="sans-serif" font-size="16" font-weight="bold" '
        f'text-anchor="middle">{EMERGENCY}</text></svg>'
    )
    return f"![{EMERGENCY}](data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()})"


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
