"""The page about containers: there is no Docker engine where it is tested, so its commands are read.

What they do inside of the containers is done in `tests/docker/image`, by `make test-image`.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "containers.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"^\$ docker compose (.*)$", PAGE, re.MULTILINE)))
OPTIONS = {
    "build": set(),
    "exec": {"-T"},
    "logs": {"--tail"},
    "ps": set(),
    "run": {"--rm", "-T", "--no-deps"},
    "stop": set(),
    "up": {"--detach"},
}
TOOLS = {"cat", "entrypoint", "sendoff", "tar", "pg_dump", "pg_restore"}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_understood(command, compose):
    """A command has options that Compose knows, and names parts that there are, and what is in them."""
    verb, *words = shlex.split(re.sub(r" [<>]\S+$", "", command))
    names = [word for word in words if not word.startswith("-") and not word.isdigit()]
    options = (
        {word for word in words[: words.index(names[0])] if word.startswith("-")} if names else set(words)
    )
    assert options <= OPTIONS[verb]
    if verb in ("exec", "run"):
        assert names[0] in compose["services"]
        assert words[words.index(names[0]) + 1] in TOOLS
    else:
        assert set(names) <= compose["services"].keys()


def test_it_names_all_there_is(compose):
    """Every part, every secret and every variable of the compose file is explained."""
    for name in (*compose["services"], *compose["secrets"]):
        assert re.search(rf"[`/]{re.escape(name)}`", PAGE), name
    variables = re.findall(r"\$\{(\w+)", (ROOT / "docker" / "compose.yaml").read_text("utf-8"))
    assert all(f"`{name}`" in PAGE for name in variables)
