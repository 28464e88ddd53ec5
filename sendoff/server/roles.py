"""What each role may do. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Role = Literal["viewer", "releaser", "approver", "admin", "worker"]
Right = Literal["read", "start", "answer", "approve", "cancel", "unlock", "manage", "work", "secrets"]

RIGHTS: dict[Role, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "releaser": frozenset({"read", "start", "answer", "cancel", "unlock"}),
    "approver": frozenset({"read", "approve"}),
    "admin": frozenset({"read", "start", "answer", "cancel", "unlock", "manage", "secrets"}),
    "worker": frozenset({"read", "work", "secrets"}),
}
IN_A_GROUP = RIGHTS["approver"]
"""Whoever is in a group may answer its approvals; which answers count is decided where they are asked."""


def rights(roles: Iterable[Role], groups: Iterable[str]) -> frozenset[Right]:
    """Give all that somebody may do."""
    found = frozenset[Right]().union(*(RIGHTS[role] for role in roles))
    return found | IN_A_GROUP if any(groups) else found
