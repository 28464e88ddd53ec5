"""Hosts over SSH: how they are signed in on, where releases lie there, and what is run around the switch."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from sendoff.model import Frozen
from sendoff.spec.commands import HostCommands
from sendoff.spec.words import ADDRESS, ROOT, Duration, InnerPath, Text


class JumpHost(Frozen):
    """The machine through which the hosts are reached."""

    address: Annotated[str, StringConstraints(pattern=ADDRESS)] = Field(description="host name or IP address")
    port: int = Field(22, ge=1, le=65535, description="port of its SSH server")
    user: Text | None = Field(None, description="the fleet's user unless said")


class SshHosts(Frozen):
    """What hosts over SSH have in common that serve the same release."""

    user: Text = Field(description="who logs in on the hosts")
    root: Annotated[str, StringConstraints(pattern=ROOT)] = Field(
        description="the folder on each host that holds releases/, current and shared/; may name variables"
    )
    private_key: Text | None = Field(
        None, description="file of the private key; else the block's, else the agent"
    )
    known_hosts: Text = Field(
        "~/.ssh/known_hosts", description="the hosts' keys; a host that is not in it is refused"
    )
    jump_host: JumpHost | None = Field(None, description="the machine through which the hosts are reached")
    shared: tuple[InnerPath, ...] = Field((), description="folders that outlive a release, linked into each")
    commands: HostCommands = Field(HostCommands(), description="what is run on each host around the switch")
    connect_timeout: Duration = Field(10, description="how long connecting to a host may take")
    transfer_timeout: Duration = Field(600, description="how long copying a release to a host may take")
