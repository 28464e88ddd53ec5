"""Running the build command: its words, its clean environment, its output with secrets masked."""

from __future__ import annotations

import os
import shlex
import signal
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sendoff.build.order import Order, Workshop
from sendoff.errors import BuildFailed
from sendoff.masking import Masker
from sendoff.process import stream

WIDEST = 2000
LAST_LINES = 10
NO_COMMIT_TIME = 315532800  # 1980-01-01: the earliest time that ZIP files can say


def admitted(order: Order, workshop: Workshop) -> dict[str, str]:
    """Let the variables and secrets in that the release file names; BuildFailed names all that lack."""
    build = order.build
    missing = [
        f"{order}: {kind} {name!r} has no value, expected one as `build.{key}` lets it in; {advice}"
        for kind, key, names, values, advice in (
            ("variable", "environment", build.environment, workshop.environ, "set it for the worker"),
            ("secret", "secrets", build.secrets, workshop.secrets, "add it to the secrets"),
        )
        for name in names
        if name not in values
    ]
    if missing:
        raise BuildFailed("\n".join(missing))
    variables = {name: workshop.environ[name] for name in build.environment}
    return variables | {name: workshop.secrets[name] for name in build.secrets}


def clean(order: Order, workshop: Workshop, home: Path) -> dict[str, str]:
    """Give the variables that every build has."""
    commit = order.commit
    epoch = int(datetime.fromisoformat(commit.at).timestamp()) if commit else NO_COMMIT_TIME
    return {
        "PATH": workshop.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(epoch),
        "SENDOFF_VERSION": order.version,
        "SENDOFF_COMMIT": commit.sha if commit else "",
    }


def run_command(
    order: Order, tree: Path, environ: Mapping[str, str], say: Callable[[str], None], masker: Masker
) -> None:
    """Run the command in the source; BuildFailed says how it ended and what it said last."""
    command, last = _command(order), deque[str](maxlen=LAST_LINES)
    shown = masker(shlex.join(command))

    def hear(line: str) -> None:
        text = _narrow(masker(line))
        last.append(text)
        say(text)

    try:
        code = stream(command, tree, environ, order.build.timeout, hear)
    except OSError as error:
        raise BuildFailed(
            f"{order}: {shown!r} cannot be started ({error.strerror}), expected a program on PATH or in the "
            "source; install it on the worker or mend `build.command`"
        ) from None
    if code != 0:
        said = "".join(f"\n  | {line}" for line in last) or "\n  | (no output)"
        raise BuildFailed(f"{order}: {shown!r} {_verdict(code, order.build.timeout)}; its last lines:{said}")


def _command(order: Order) -> tuple[str, ...]:
    """Give the words to run. A text for the shell keeps its braces: it reads $SENDOFF_VERSION instead."""
    command = order.build.command
    if order.build.shell:
        return ("/bin/sh", "-c", command if isinstance(command, str) else " ".join(command))
    words = shlex.split(command) if isinstance(command, str) else command
    return tuple(order.filled(word) for word in words)


def _verdict(code: int | None, timeout: float) -> str:
    if code is None:
        return f"took longer than {timeout:g} s and was stopped; raise `build.timeout` or mend it"
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}, expected exit code 0; see the worker's memory"
    return f"exited with {code}, expected 0; mend the source or `build.command`"


def _narrow(line: str) -> str:
    """Show what a terminal would of a line that redraws itself, and no more than a person reads."""
    line = line.rpartition("\r")[2]
    return line if len(line) <= WIDEST else f"{line[:WIDEST]}… ({len(line) - WIDEST} more characters)"
