"""What the tools are told: one job each, from a cold process to a live release on all hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.ansible import CONFIG, PLAYBOOKS, SSH_ARGUMENTS
from benchmarks.farm import ADDRESS, Farm, FarmHost
from benchmarks.results import Phase
from benchmarks.workload import APPLICATION, Version

# The hash of the stream is checked while it is unpacked, with the fastest tool that the host has.
STREAM = """set -e
umask 022
cd "$1"
mkdir -p "releases/$2"
mkfifo "releases/$2.pipe"
hash() {{ if command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r; else sha256sum; fi; }}
hash <"releases/$2.pipe" >"releases/$2.sum" &
tee "releases/$2.pipe" | tar {flags} - -C "releases/$2"
wait
read -r sum rest <"releases/$2.sum"
rm "releases/$2.pipe" "releases/$2.sum"
[ "$sum" = "$3" ]
"""
SWITCH = """set -e
cd "$1"
ln -sfn "releases/$2" current.next
mv -fT current.next current
"""


@dataclass(frozen=True)
class Command:
    """A process to start; `sockets`: the folder of connections that it may leave behind."""

    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    sockets: Path | None = None


@dataclass(frozen=True)
class Job:
    """One version to some hosts of a farm, from the files in `folder`; `fanout` at a time for shell tools."""

    farm: Farm
    hosts: Sequence[FarmHost]
    version: Version
    phase: Phase
    folder: Path
    store: Path
    fanout: int

    @property
    def release(self) -> str:
        """Name the folder that the tools other than Sendoff make on hosts."""
        return self.version.name


@contextmanager
def command(tool: str, job: Job) -> Iterator[Command]:
    """Prepare what a tool needs, and give the command that is timed."""
    if tool == "sendoff":
        yield _sendoff(job)
    elif tool in ("ssh-tar", "ssh-tar-gz"):
        yield _ssh_tar(job, *(("gz", "xzf") if tool == "ssh-tar-gz" else ("tar", "xf")))
    elif tool == "rsync":
        yield _rsync(job)
    else:
        with tempfile.TemporaryDirectory(prefix="cp") as sockets:
            yield _ansible(job, tool, Path(sockets))


def _sendoff(job: Job) -> Command:
    order = {
        "address": ADDRESS,
        "hosts": [{"name": each.name, "port": each.port, "root": str(each.root)} for each in job.hosts],
        "login": {
            "user": job.farm.user,
            "private_key_file": str(job.farm.client_key),
            "known_hosts": str(job.farm.known_hosts),
        },
        "store": str(job.store),
        "application": APPLICATION,
        "version": job.version.name,
    }
    path = job.folder / "order.json"
    path.write_text(json.dumps(order))
    return Command((sys.executable, "-m", "benchmarks.driver", str(path)))


def _ssh_tar(job: Job, kind: str, flags: str) -> Command:
    archive, sha256 = job.version.archives[kind]
    script = STREAM.format(flags=flags) + SWITCH
    words = f"\"sh -c '$SCRIPT' sh $2 {job.release} {sha256}\""
    return _each(job, f'ssh -F "$CONFIG" "$1" {words} <"$ARCHIVE"', script, ARCHIVE=str(archive))


def _rsync(job: Job) -> Command:
    link = ['--link-dest="$2/current/"'] if job.phase == "next" else []
    words = ["rsync -a --delete", *link, '-e "ssh -F $CONFIG"', f'"$TREE/" "$1:$2/releases/{job.release}/"']
    switch = f'ssh -n -F "$CONFIG" "$1" "sh -c \'$SCRIPT\' sh $2 {job.release}"'
    return _each(job, f"{' '.join(words)} && {switch}", SWITCH, TREE=str(job.version.tree))


def _each(job: Job, line: str, script: str, **environ: str) -> Command:
    """Run a line of shell for each host, several at a time; $1 is the host, $2 its root."""
    return Command(
        ("xargs", "-P", str(job.fanout), "-n", "2", "sh", "-c", line, "sh"),
        {"CONFIG": str(job.farm.ssh_config), "SCRIPT": script, **environ},
        "".join(f"{host.name} {host.root}\n" for host in job.hosts),
    )


def _ansible(job: Job, tool: str, sockets: Path) -> Command:
    python = f"ansible_python_interpreter={sys.executable}"
    lines = [
        f"{host.name} root={host.root} ansible_remote_tmp={host.base}/.ansible {python}" for host in job.hosts
    ]
    archive, sha256 = job.version.archives["gz"]
    words = {
        "release": job.release,
        "archive": str(archive),
        "sha256": sha256,
        "tree": str(job.version.tree),
        "config": str(job.farm.ssh_config),
    }
    for name, text in (
        ("inventory.ini", "\n".join(lines)),
        ("ansible.cfg", CONFIG),
        ("playbook.yml", PLAYBOOKS[tool]),
        ("words.json", json.dumps(words)),
    ):
        (job.folder / name).write_text(text)
    environ = {
        "ANSIBLE_CONFIG": str(job.folder / "ansible.cfg"),
        "ANSIBLE_INVENTORY": str(job.folder / "inventory.ini"),
        "ANSIBLE_HOME": str(job.folder / "ansible-home"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_SSH_ARGS": f"-F {job.farm.ssh_config} {SSH_ARGUMENTS}",
    }
    program = job.folder.parent / "ansible" / "bin" / "ansible-playbook"
    argv = (
        str(program),
        "-f",
        str(len(job.hosts)),
        "-e",
        f"@{job.folder}/words.json",
        f"{job.folder}/playbook.yml",
    )
    return Command(argv, environ, sockets=sockets)


def hang_up(sockets: Path) -> None:
    """End the connections that Ansible keeps for later; they would make the next run a warm one."""
    for each in sockets.iterdir():
        close = ("ssh", "-F", os.devnull, "-O", "exit", "-o", f"ControlPath={each}", "nobody")
        subprocess.run(close, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
