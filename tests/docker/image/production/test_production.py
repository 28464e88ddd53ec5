"""Production from the image, without any network: it is well, it works, and says so only while it does."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
pytestmark = [pytest.mark.image, pytest.mark.timeout(1800), pytest.mark.xdist_group("image")]

WRONG = """
import http.client, sys
asked = http.client.HTTPConnection("entry", 4200, timeout=20, source_address=(sys.argv[1], 0))
headers = {"Authorization": "Basic bm9ib2R5Ondyb25n", "X-Forwarded-For": "192.0.2.7", "Connection": "close"}
asked.request("GET", "/api/version", headers=headers)
print(asked.getresponse().status)
"""
CHANGED = (
    "find {root} -xdev -uid 10001 -type f -not -path '{root}/tmp/*' -not -path '{root}/var/lib/sendoff/*'"
)


def test_all_is_well(production):
    """Each part passes the check of the compose file, and both servers are behind the entry."""
    for name in ("postgres", "redis", "server-1", "server-2", "services", "entry", "worker-1", "worker-2"):
        done = production.check(name)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    assert {production.ask("/api/ready", at=f"server-{number}")["message"] for number in (1, 2)} == {"OK"}


def test_nobody_gets_in_without_a_password(production):
    """The API asks who comes, and the UI comes without."""
    assert "401" in production.ask("/api/work_pools/filter", {}, signed_in=False)
    assert [pool["name"] for pool in production.ask("/api/work_pools/filter", {})] == ["sendoff"]


def test_the_key_is_the_servers_alone(production):
    """What signs is in the folder that the servers share; no other part has a way to it, nor to the users."""
    looked = ("sh", "-c", "ls -A /srv/sign-in; cat /srv/sign-in/stamps.key")
    for name in ("server-1", "server-2"):
        said = production.corner.run(*production.words(name, *looked)).stdout
        assert "PRIVATE KEY" in said
        assert {"users.yaml", "stamps.pub", "audit-1.jsonl", "audit-2.jsonl"} <= set(said.split())
    for name in ("worker-1", "worker-2", "services", "operator"):
        done = production.corner.run(*production.words(name, *looked))
        assert (done.returncode, done.stdout) == (1, ""), name
    assert (production.folder / "sign-in").stat().st_mode & 0o777 == 0o700


def test_a_server_without_users_says_so(production):
    """It ends, and names the command that adds one."""
    empty = "SENDOFF_SERVER_FOLDER=/tmp/nobody exec entrypoint sendoff server --no-services"
    done = production.corner.run(*production.words("server-2", "sh", "-c", empty))
    assert done.returncode == 1
    assert "has nobody in it, expected users; run `sendoff users add NAME --role admin`" in done.stderr


def test_the_entry_says_where_a_request_is_from(production):
    """A wrong password is written down with the address that it came from, whatever a header says."""
    for number in range(8):  # each of the two servers gets some
        words = (sys.executable, "-c", WRONG, f"127.0.0.{30 + number}")
        assert production.corner.run(*words).stdout == "401\n"
    folder = production.folder / "sign-in"
    lines = [
        json.loads(line)
        for each in (1, 2)
        for line in (folder / f"audit-{each}.jsonl").read_text().splitlines()
    ]
    wrong = {line["address"] for line in lines if line["what"] == "wrong password"}
    assert wrong == {f"127.0.0.{30 + number}" for number in range(8)}


def test_workers_poll(production):
    """Both workers are seen by the servers."""
    workers = production.ask("/api/work_pools/sendoff/workers/filter", {})
    assert [worker["status"] for worker in workers] == ["ONLINE", "ONLINE"]


def test_a_release_is_taken_and_recorded(production):
    """A release that is started in a container is carried out by a worker and stands in the ledger.

    It cannot get far, as there is neither a repository nor a host.
    """

    assert "deployment release/release" in production.said[-1]
    about = ("--summary", "A test", "--reason", "To see", "--risk", "low", "--requested-by", "Eve")
    said = production.at_the_terminal(
        "release", "storefront", "--env", "staging", "--version", "2.4.1", *about
    )
    over = {"flow_runs": {"state": {"type": {"any_": ["FAILED"]}}}}
    (failed,) = production.ask("/api/flow_runs/filter", over)
    assert "repository" in failed["state"]["message"], said
    assert re.search(r"^ok: [1-9]", production.at_the_terminal("ledger", "verify"), re.MULTILINE)
    (run,) = production.ask("/api/flow_runs/filter", over)
    assert run["parameters"]["why"]["requested_by"] == "ada"


def test_backup_and_restore(production, tmp_path):
    """What the page says makes copies of both databases, which fit into empty ones."""
    page = (ROOT / "docs" / "containers.md").read_text("utf-8")
    for name in ("prefect", "ledger"):
        dump, restore = re.findall(
            rf"exec -T postgres (pg_.* {name}|pg_.*={name}) [<>]{name}\.dump$", page, re.M
        )
        restore = restore.replace(f"={name}", f"={name}_again")
        make = f"createdb --username=postgres --template=template0 {name}_again"
        copied = production.corner.run(
            "sh", "-ec", f"cd {tmp_path}; {dump} >{name}.dump; {make}; {restore} <{name}.dump",
            PGHOST=str(production.folder / "postgresql"),
        )  # fmt: skip
        assert (copied.returncode, copied.stderr) == (0, "")


def test_services_that_died_are_not_well(production):
    """Killed, they are found out; started again, they are well."""
    command = "prefect server services start"
    production.kill(command)
    assert "services" in production.wait("services", well=False, seconds=120)
    production.run("services", *production.words("services", "tini", "--", "entrypoint", *command.split()))
    production.wait("services")


def test_nothing_is_written_into_the_root(production):
    """What they wrote lies where the compose file has memory or a volume; the root may be read-only."""
    for name, container in production.containers.items():
        root = production.corner.run(*production.engine.words, "mount", container).stdout.strip()
        found = production.corner.run("sh", "-c", CHANGED.format(root=root)).stdout
        assert found == "", f"{name}: {found}"


def test_no_secret_is_shown(production):
    """No part says a secret, and no command line has one."""
    said = production.corner.run("ps", "-eo", "args", "--cols=10000").stdout
    said += "".join(production.log(name) for name in (*production.containers, "postgres", "redis", "entry"))
    said += "".join(production.said)
    assert "deployments.serve" in said
    assert not [secret[:12] for secret in production.secrets() if secret in said]
