"""The application of a cell: its release file, and the earlier release that is live on each host."""

from __future__ import annotations

import shutil
from typing import Any

import yaml

from tests.chaos.world import NAMES, World

FIRST = "first"  # the application whose release all others begin with
GATE = {"kind": "approval", "name": "owner", "approvers": ["sam"]}
CHECK = {"kind": "command", "deadline": "5s", "interval": "200ms"}  # a host that is struck comes back in less
SAYS = 'echo "$1" >>"$2/shared/commands"'
WELL = ("test", "!", "-e", "{root}/shared/sick-{version}")
BUILD = """\
set -eu
%s
mkdir out
yes "$SENDOFF_VERSION" | head -c 20000 >out/page
"""
WAITS = """\
if [ ! -e %s.reached ]; then
  echo >%s.reached
  until [ -e %s.go ]; do sleep 0.05; done
fi"""
DURING = {"build: under way": "build", "command go-live after: under way": "command"}


def describe(world: World, name: str, boundary: str = "", gated: bool = False) -> None:
    """Write the release file. Build and commands wait by themselves where the boundary is within them."""

    def waits(what: str) -> str:
        return WAITS.replace("%s", str(world.posts / name)) if DURING.get(boundary) == what else ":"

    source = world.catalog / name / "source"
    source.mkdir(parents=True)
    (source / "build.sh").write_text(BUILD % waits("build"))
    commands = {
        "before": [["sh", "-c", SAYS, "sh", "before {version}", "{root}"]],
        "after": [["sh", "-c", f"{waits('command')}\n{SAYS}", "sh", "after {version}", "{root}"]],
    }
    described = {
        "application": name,
        "owner": "Chaos",
        "hosts": {each.name: _host(each) for each in world.hosts.values()},
        "build": {"source": {"folder": "source"}, "command": ["sh", "build.sh"], "output": "out"},
        "environments": [
            {
                "name": "production",
                "targets": [_target(world, name, commands)],
                "checks": [
                    {**CHECK, "name": "there", "when": "dark", "command": ["test", "-e", "page"]},
                    {**CHECK, "name": "well", "when": "live", "command": list(WELL)},
                ],
                "gates": [GATE] if gated else [],
                "on_trouble": {"ask": False},
            }
        ],
    }
    (world.catalog / name / "release.yaml").write_text(yaml.safe_dump(described, sort_keys=False))


def _host(host: Any) -> dict[str, Any]:
    return {"address": "127.0.0.1", "port": host.proxy.port, "variables": {"base": str(host.folder)}}


def _target(world: World, name: str, commands: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "web",
        "hosts": list(NAMES),
        "user": world.farm.user,
        "private_key": str(world.farm.client_key),
        "known_hosts": str(world.known_hosts),
        "root": f"{{base}}/{name}",
        "commands": commands,
        "keep": 2,
    }


def inherit(world: World, name: str, sick: bool = False) -> None:
    """Have the release of the first application live on each host, and an older one to be tidied up.

    `sick`: version 1 will not be well on the last host.
    """
    for host in world.hosts.values():
        root = host.folder / name
        shutil.copytree(host.folder / FIRST, root, symlinks=True, dirs_exist_ok=True)
        (live,) = (root / "releases").iterdir()
        for parent in (root / "releases", root / ".sendoff" / "manifests"):
            shutil.copytree(parent / live.name, parent / f"older-{live.name}")
        (root / "shared" / "commands").unlink()
        if sick and host.name == NAMES[-1]:
            (root / "shared" / "sick-1").touch()
