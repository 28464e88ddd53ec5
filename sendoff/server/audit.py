"""Who signed in wrongly, was refused, or did something: a line of JSON each, in files that do not grow on."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal

What = Literal[
    "wrong password",
    "not trusted",
    "refused",
    "start",
    "answer",
    "cancel",
    "unlock",
    "change",
]
SIZE, FILES = 10_000_000, 10
MOST = 200  # characters of what somebody sent


class Audit:
    """Writes to a file that only its owner reads, and nothing that anybody could sign in with."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handler = _Private(path, maxBytes=SIZE, backupCount=FILES, encoding="utf-8")

    def write(self, what: What, who: str, address: str, said: str) -> None:
        """Write a line."""
        told = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "what": what,
            "who": who[:MOST],
            "address": address,
            "said": said[:MOST],
        }
        self._handler.handle(logging.makeLogRecord({"msg": json.dumps(told)}))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class _Private(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8")
