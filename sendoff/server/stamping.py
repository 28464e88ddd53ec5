"""Stamp what people do, with the key that only the server reads."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sendoff.server.caller import Caller
from sendoff.signers import Deed, Stamp, content, seal


@dataclass(frozen=True)
class Stamper:
    """Makes stamps; each has a number of its own, as it counts only once."""

    key: Ed25519PrivateKey

    def stamp(self, caller: Caller, deed: Deed, run: str, said: Mapping[str, Any], question: str = "") -> str:
        """Say who did what, as text."""
        stamp = Stamp(
            person=caller.name,
            groups=caller.user.groups,
            deed=deed,
            run=run,
            question=question,
            content=content(said),
            at=datetime.now(UTC),
            nonce=secrets.token_hex(16),
        )
        return seal(stamp, self.key)
