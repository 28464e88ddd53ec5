"""The compose file: right by its schema, and every part as little in charge as it can be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DATA = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))
PARTS = pytest.mark.parametrize("name", sorted(DATA["services"]))


def is_ours(image: str) -> bool:
    return image.startswith("sendoff-")


def test_schema():
    """It is a compose file, down to the last key."""
    check = Path(sys.executable).parent / "check-jsonschema"
    command = (check, "--builtin-schema", "vendor.compose-spec", ROOT / "docker" / "compose.yaml")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wiring():
    """It is what production is: two servers without services behind one entry, services, two workers."""
    parts: dict[str, set[str]] = {}
    for name, part in DATA["services"].items():
        parts.setdefault(part["image"].partition(":")[0], set()).add(name)
    assert parts == {
        "sendoff-server": {"server-1", "server-2", "migrate"},
        "sendoff-services": {"services"},
        "sendoff-worker": {"worker-1", "worker-2"},
        "haproxy": {"entry"},
        "postgres": {"postgres"},
        "redis": {"redis"},
    }
    built = {
        part["image"].partition(":")[0]: part["build"]["target"]
        for part in DATA["services"].values()
        if "build" in part
    }
    assert built == {image: image.removeprefix("sendoff-") for image in parts if is_ours(image)}
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    assert set(re.findall(r"^FROM runtime AS (\w+)$", dockerfile, re.MULTILINE)) == set(built.values())


@PARTS
def test_may_do_little(name):
    """A part has no capability, gains none, and writes nowhere but where it is told."""
    part = DATA["services"][name]
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]
    assert part["read_only"] is True
    assert not part.keys() & {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"}
    assert is_ours(part["image"]) or re.fullmatch(r"[1-9]\d*:[1-9]\d*", part["user"])


@PARTS
def test_has_bounds(name):
    """A part can eat neither the machine's memory, nor its processes, nor its disk with logs."""
    part = DATA["services"][name]
    assert part["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert part["logging"]["options"].keys() == {"max-size", "max-file"}


@PARTS
def test_says_whether_it_is_well(name):
    """A part is asked whether it is well, and is started again; the one that ends is waited for."""
    part = DATA["services"][name]
    ends = name == "migrate"
    assert part["restart"] == ("no" if ends else "unless-stopped")
    if not ends:
        assert part["healthcheck"]["test"][0] == "CMD"
    for other, needs in part.get("depends_on", {}).items():
        ended = "service_completed_successfully"
        assert needs["condition"] == (ended if other == "migrate" else "service_healthy")


def test_only_the_entry_is_published():
    """There is one way in, from this machine unless said, and the data is not beside it."""
    assert [name for name, part in DATA["services"].items() if "ports" in part] == ["entry"]
    (port,) = DATA["services"]["entry"]["ports"]
    assert port.startswith("${SENDOFF_LISTEN:-127.0.0.1}:")
    inside = {name for name, network in DATA["networks"].items() if network.get("internal")}
    assert inside == {"api", "database", "messages"}
    for name in ("server-1", "server-2", "migrate", "postgres", "redis"):
        assert set(DATA["services"][name]["networks"]) <= inside
    assert not {"database", "messages"} & set(DATA["services"]["entry"]["networks"])


@PARTS
def test_secrets_come_from_files(name):
    """No variable holds a secret, each file that is named is mounted, and no part has more than it reads."""
    part = DATA["services"][name]
    secrets = set(part.get("secrets", []))
    variables = part.get("environment", {})
    loose = [each for each in variables if re.search(r"(PASSWORD|AUTH_STRING|_KEY|_URL|LEDGER)$", each)]
    assert {each for each in loose if "://" in variables[each]} == set(loose)
    assert all("@" not in str(value) for value in variables.values())
    named = {
        value.removeprefix("/run/secrets/") for each, value in variables.items() if each.endswith("_FILE")
    }
    scripts = {"postgres": {"prefect_database_url", "ledger_url"}, "redis": {"redis_url"}}
    assert secrets == named | scripts.get(name, set())
    assert secrets <= DATA["secrets"].keys()


def test_images_are_pinned():
    """What others make has a version and no registry; a tag that moves without being asked is none."""
    images = [part["image"] for part in DATA["services"].values() if not is_ours(part["image"])]
    assert all(re.fullmatch(r"[a-z]+:\d+(\.\d+)?-bookworm", image) for image in images)
