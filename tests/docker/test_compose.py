"""The compose file: right by its schema, and every part as little in charge as it can be."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deployments.register import ENVIRON

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
    """It is what production is: two servers behind one entry, services, two workers; and a terminal."""
    parts: dict[str, set[str]] = {}
    for name, part in DATA["services"].items():
        parts.setdefault(part["image"].partition(":")[0], set()).add(name)
    assert parts == {
        "sendoff-server": {"server-1", "server-2", "migrate"},
        "sendoff-services": {"services"},
        "sendoff-worker": {"worker-1", "worker-2", "operator"},
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
    assert [name for name, part in DATA["services"].items() if "profiles" in part] == ["operator"]


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
    """A part is asked whether it is well, and is started again; what ends by itself is not."""
    part = DATA["services"][name]
    ends = name in ("migrate", "operator")
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
    assert inside == {"servers", "api", "database", "messages"}
    for name in ("server-1", "server-2", "migrate", "postgres", "redis"):
        assert set(DATA["services"][name]["networks"]) <= inside
    assert not {"database", "messages"} & set(DATA["services"]["entry"]["networks"])


def test_only_the_entry_reaches_the_servers():
    """What says where a request is from is believed in its network, where nobody else is."""
    there = {name for name, part in DATA["services"].items() if "servers" in part["networks"]}
    assert there == {"entry", "server-1", "server-2"}
    (range_,) = DATA["networks"]["servers"]["ipam"]["config"]
    for name in ("server-1", "server-2"):
        assert DATA["services"][name]["environment"]["SENDOFF_SERVER_PROXIES"] == range_["subnet"]
    config = (ROOT / "docker" / "haproxy.cfg").read_text("utf-8")
    for line in (
        "set-header X-Forwarded-For %[src]",
        "del-header X-Sendoff-User",
        "del-header X-Sendoff-Secret",
    ):
        assert f"\n    http-request {line}\n" in config


def test_the_key_is_the_servers_alone():
    """Users and the key that signs are mounted where the servers run, and each turns its own audit over."""
    has = {
        name: volume["target"]
        for name, part in DATA["services"].items()
        for volume in part.get("volumes", [])
        if volume["source"] == "sign-in"
    }
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
    assert f"ENV SENDOFF_SERVER_FOLDER={has['server-1']}\n" in dockerfile
    assert has.keys() == {"server-1", "server-2"}
    audits = [DATA["services"][name]["environment"]["SENDOFF_SERVER_AUDIT"] for name in has]
    assert len(set(audits)) == 2
    assert all(each.startswith(f"{has['server-1']}/") for each in audits)
    assert not [each for each in DATA["secrets"] if each.endswith(".key")]


@pytest.mark.parametrize("name", ["worker-1", "worker-2", "operator"])
def test_each_has_an_account_of_its_own(name):
    """It signs in as itself, and believes what the servers have signed."""
    environment = DATA["services"][name]["environment"]
    assert environment["PREFECT_API_AUTH_STRING_FILE"] == f"/run/secrets/{name}"
    assert environment["SENDOFF_SIGNED_BY"] == "/run/secrets/stamps.pub"
    # What is set for a worker counts for its runs before what they are registered with.
    assert {**ENVIRON, **environment}.items() >= ENVIRON.items()
    others = {"worker-1", "worker-2", "operator"} - {name}
    assert not others & set(DATA["services"][name]["secrets"])


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
        value.removeprefix("/run/secrets/")
        for each, value in variables.items()
        if each.endswith("_FILE") or each == "SENDOFF_SIGNED_BY"
    }
    scripts = {"postgres": {"prefect_database_url", "ledger_url"}, "redis": {"redis_url"}}
    assert secrets == named | scripts.get(name, set())
    assert secrets <= DATA["secrets"].keys()


def test_images_are_pinned():
    """What others make has a version and no registry; a tag that moves without being asked is none."""
    images = [part["image"] for part in DATA["services"].values() if not is_ours(part["image"])]
    assert all(re.fullmatch(r"[a-z]+:\d+(\.\d+)?-bookworm", image) for image in images)
