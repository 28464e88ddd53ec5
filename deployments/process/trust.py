"""The certificates that clients trust, read once.

Prefect makes seven clients in a run, and each of them reads those of all authorities anew, whether it will
speak TLS or not. That takes a sixth of what the run itself computes.
"""

from __future__ import annotations

import os
import ssl
from functools import cache
from typing import Any

from prefect.client.orchestration import SyncPrefectClient

Certificates = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def share() -> None:
    """Have all that trust the same file in this process share what was read of it; read it if it changes."""
    make = ssl.create_default_context

    @cache
    def remembered(file: str | bytes, changed: int) -> ssl.SSLContext:
        return make(cafile=file)

    def create(*words: Any, cafile: Certificates | None = None, **named: Any) -> ssl.SSLContext:
        if cafile is None or words or named:
            return make(*words, cafile=cafile, **named)
        return remembered(os.fspath(cafile), os.stat(cafile).st_mtime_ns)

    ssl.create_default_context = create


def read() -> None:
    """Read what Prefect's clients will trust: each does so before it connects."""
    SyncPrefectClient("http://127.0.0.1")
