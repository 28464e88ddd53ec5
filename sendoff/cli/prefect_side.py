"""Hand over to what needs Prefect, in a process of its own: the command line itself never imports it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from sendoff.errors import SendoffError

# A temporary server makes its database first, which takes longer than Prefect waits for by itself.
DEFAULTS = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120"}


def hand_over(module: str, *words: str, payload: Mapping[str, Any] | None = None) -> None:
    """Run a module with words and a JSON payload; its exit code becomes ours."""
    _run(module, *words, *([json.dumps(payload)] if payload is not None else []))


def told_by(module: str, *words: str) -> Any:
    """Run a module with words, and read what it says in JSON; its exit code becomes ours when it fails."""
    return json.loads(_run(module, *words, stdout=subprocess.PIPE).stdout)


def _run(module: str, *words: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    environ = {**DEFAULTS, **os.environ}
    done: subprocess.CompletedProcess[bytes] = subprocess.run(
        [sys.executable, "-m", module, *words], env=environ, check=False, **more
    )
    if done.returncode:
        raise SystemExit(done.returncode)
    return done


def become(module: str, *words: str) -> NoReturn:
    """Go on as a module with words, under the same number: whoever ends this process ends that."""
    environ = {**DEFAULTS, **os.environ}
    os.execve(sys.executable, [sys.executable, "-m", module, *words], environ)  # noqa: S606 -- a tuple


def need_server() -> None:
    """Refuse to go on without the address of a Prefect server."""
    if not os.environ.get("PREFECT_API_URL"):
        raise SendoffError(
            "PREFECT_API_URL: is not set, expected the address of a Prefect server such as "
            "http://127.0.0.1:4200/api; set it, or add --local to run on this machine"
        )
