"""How to log in on hosts: who, with which key, trusting which host keys, through which machine."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from sendoff.model import Frozen
from sendoff.spec.ssh import SshHosts


class HostAddress(Frozen):
    """Where the SSH server of a host listens."""

    address: str
    port: int = Field(22, ge=1, le=65535)


class Jump(Frozen):
    """The machine through which the hosts are reached; logs in with the same key."""

    address: str
    port: int = Field(22, ge=1, le=65535)
    user: str | None = Field(None, description="the user of the hosts unless said")


class Login(Frozen):
    """Who logs in and how. Without any key the agent is asked. Times in seconds."""

    user: str
    private_key: SecretStr | None = Field(
        None, description="the text of the private key; goes before the file"
    )
    private_key_file: str | None = Field(None, description="the file of the private key, not encrypted")
    known_hosts: str = Field("~/.ssh/known_hosts", description="the file of the hosts' keys")
    known_hosts_text: str | None = Field(None, description="the hosts' keys themselves; goes before the file")
    jump_host: Jump | None = None
    connect_timeout: float = Field(10, gt=0)
    keepalive: int = Field(15, ge=1)


def described_login(fleet: SshHosts, folder: Path) -> Login:
    """Take from a release file's fleet how to log in; paths are made absolute, from the file's folder."""
    jump = fleet.jump_host
    return Login(
        user=fleet.user,
        private_key_file=str(folder / Path(fleet.private_key).expanduser()) if fleet.private_key else None,
        known_hosts=str(folder / Path(fleet.known_hosts).expanduser()),
        jump_host=Jump(address=jump.address, port=jump.port, user=jump.user) if jump else None,
        connect_timeout=fleet.connect_timeout,
    )
