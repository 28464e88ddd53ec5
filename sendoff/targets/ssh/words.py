"""Words for a remote shell, quoted in one place."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping


def quoted(words: Iterable[str]) -> str:
    """Write words as one line that a POSIX shell reads as exactly these words."""
    return " ".join(shlex.quote(word) for word in words)


def exports(env: Mapping[str, str]) -> bytes:
    """Write variables as shell lines after their length: they go over standard input, so `ps` shows none."""
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in env.items()).encode()
    return b"%d\n%s" % (len(lines), lines)
