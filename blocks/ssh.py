"""How a fleet of hosts is reached."""

from __future__ import annotations

from pathlib import Path

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from sendoff.spec.models import ReleaseFile, SshFleet
from sendoff.spec.ssh import SshHosts
from sendoff.targets.ssh.fleet import Fleet, open_fleet
from sendoff.targets.ssh.login import Jump, Login, described_login


class SshConnection(Block):
    """How Sendoff signs in on a fleet's hosts: strict host keys, a key or the agent, perhaps a jump host."""

    _block_type_name = "Sendoff SSH connection"
    _block_type_slug = "sendoff-ssh-connection"
    _description = "How a fleet of hosts is reached over SSH."

    user: str = Field(title="User", description="The user to sign in as on every host of the fleet")
    private_key: SecretStr | None = Field(
        None,
        title="Private key",
        description="The private key itself. Empty: the file below, else the SSH agent of the worker",
    )
    private_key_file: str | None = Field(
        None, title="Private key file", description="A file on the worker that holds the private key"
    )
    known_hosts: str = Field(
        "~/.ssh/known_hosts",
        title="Known hosts",
        description="A file on the worker with the hosts' keys. A host that is not in it is refused",
    )
    jump_address: str | None = Field(
        None, title="Jump host", description="The machine through which the hosts are reached, if any"
    )
    jump_port: int = Field(22, title="Jump port", description="The SSH port of the jump host")
    jump_user: str | None = Field(
        None, title="Jump user", description="The user on the jump host; empty: the same as on the hosts"
    )
    connect_timeout: float = Field(
        10, gt=0, title="Connect timeout", description="Seconds to wait for a connection"
    )

    @classmethod
    def described_by(cls, fleet: SshHosts, folder: Path) -> SshConnection:
        """Take from a release file's fleet what it says of the connection; paths are made absolute."""
        login = described_login(fleet, folder)
        jump = login.jump_host
        return cls(
            user=login.user,
            private_key_file=login.private_key_file,
            known_hosts=login.known_hosts,
            jump_address=jump.address if jump else None,
            jump_port=jump.port if jump else 22,
            jump_user=jump.user if jump else None,
            connect_timeout=login.connect_timeout,
        )

    def connect(self, file: ReleaseFile, fleet: SshFleet, by: str, token: int) -> Fleet:
        """Prepare the connections to the hosts of a fleet; each is made when it is first used."""
        return open_fleet(file, fleet, self.login(), by, token)

    def login(self) -> Login:
        """Say how to sign in."""
        jump = (
            Jump(address=self.jump_address, port=self.jump_port, user=self.jump_user)
            if self.jump_address
            else None
        )
        return Login(
            user=self.user,
            private_key=self.private_key,
            private_key_file=self.private_key_file,
            known_hosts=self.known_hosts,
            jump_host=jump,
            connect_timeout=self.connect_timeout,
        )
