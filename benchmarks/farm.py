"""A farm of real OpenSSH daemons on this machine: each with its own port, host key and root folder."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from examples.ports import free_port
from examples.processes import Processes
from sendoff.errors import StepErrored

ADDRESS = "127.0.0.1"
DEADLINE = 30.0
DAEMON = """
ListenAddress {address}:{port}
HostKey {folder}/keys/{name}
AuthorizedKeysFile {folder}/client_key.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 200
LogLevel ERROR
SetEnv SHLVL=2{more}
"""  # SHLVL: bash then leaves out ~/.bashrc, which may take longer than what is measured
CLIENT = """
Host *
  User {user}
  HostName {address}
  IdentityFile {folder}/client_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  BatchMode yes
  Compression no
"""


@dataclass(frozen=True)
class FarmHost:
    """One daemon: what it is called, where it listens, and the folder that is its own."""

    name: str
    port: int
    base: str

    @property
    def root(self) -> Path:
        """Name the folder that releases are brought to."""
        return Path(self.base, "app")


class Farm:
    """Hosts, started by `processes` and stopped with them; `data` is where their folders are.

    Programs in the folder `programs`/`<host>`, if it is given, come before those of the machine.
    """

    def __init__(self, folder: Path, data: Path, names: Sequence[str], programs: Path | None = None) -> None:
        self.folder, self.user, self.programs = folder, pwd.getpwuid(os.getuid()).pw_name, programs
        self.hosts = [FarmHost(name, free_port(), str(data / name)) for name in names]

    @property
    def client_key(self) -> Path:
        """Name the file of the private key that all daemons accept."""
        return self.folder / "client_key"

    @property
    def known_hosts(self) -> Path:
        """Name the file that holds the keys of all daemons."""
        return self.folder / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """Name the file that lets `ssh -F` know the hosts by name."""
        return self.folder / "ssh_config"

    @property
    def listing(self) -> Path:
        """Name the file that lists the hosts for other processes."""
        return self.folder / "hosts.json"

    def start(self, processes: Processes) -> None:
        """Start all daemons and wait until they listen."""
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        self._describe()
        for host in self.hosts:
            host.root.mkdir(parents=True)
            self._start(host, processes)
        for host in self.hosts:
            self._wait_for(host, processes)

    def start_again(self, name: str, processes: Processes) -> None:
        """Start the daemon of one host that was stopped, and wait until it listens."""
        host = next(each for each in self.hosts if each.name == name)
        self._start(host, processes)
        self._wait_for(host, processes)

    def _start(self, host: FarmHost, processes: Processes) -> None:
        daemon = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if daemon is None:
            raise StepErrored("sshd: is not here, expected OpenSSH's daemon; install openssh-server")
        processes.start(host.name, (daemon, "-D", "-e", "-f", str(self._config(host))))

    def _config(self, host: FarmHost) -> Path:
        return self.folder / f"{host.name}.conf"

    def _describe(self) -> None:
        (self.folder / "keys").mkdir(parents=True)
        _make_key(self.client_key)
        known, config = [], []
        for host in self.hosts:
            _make_key(self.folder / "keys" / host.name)
            public = (self.folder / "keys" / f"{host.name}.pub").read_text().split()
            known.append(f"[{ADDRESS}]:{host.port} {public[0]} {public[1]}\n")
            config.append(f"Host {host.name}\n  Port {host.port}\n")
            own = self.programs and self.programs / host.name
            more = f" PATH={own}{os.pathsep}{os.environ['PATH']}" if own else ""
            daemon = DAEMON.format(address=ADDRESS, folder=self.folder, more=more, **asdict(host))
            self._config(host).write_text(daemon)
        self.known_hosts.write_text("".join(known))
        rest = CLIENT.format(user=self.user, address=ADDRESS, folder=self.folder)
        self.ssh_config.write_text("".join(config) + rest)
        self.listing.write_text(json.dumps([asdict(host) for host in self.hosts]))

    def _wait_for(self, host: FarmHost, processes: Processes) -> None:
        end = time.monotonic() + DEADLINE
        while not _listens(host.port):
            if dead := processes.dead():
                raise StepErrored(f"the farm did not start: {dead}")
            if time.monotonic() > end:
                raise StepErrored(f"{host.name}: does not listen after {DEADLINE:.0f} s, expected it to")
            time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0


def _make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
