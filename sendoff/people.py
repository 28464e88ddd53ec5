"""Who acts: the names that the ledger records people under."""

from __future__ import annotations

import getpass
import os


def actor() -> str:
    """Name the person at this machine, such as `local:ada`; the user's number where it has no name."""
    try:
        return f"local:{getpass.getuser()}"
    except (OSError, KeyError):
        return f"local:uid-{os.getuid()}"
