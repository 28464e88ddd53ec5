"""The connection to a fleet, as the release file describes it and as it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blocks.ssh import SshConnection
from sendoff.spec.models import SshFleet


def fleet(**more: Any) -> SshFleet:
    return SshFleet.model_validate(
        {"name": "web", "hosts": ["a"], "user": "deploy", "root": "/srv/app", **more}
    )


def test_paths_start_at_the_release_file() -> None:
    """A file named relative to the release file is named absolutely in the block."""
    block = SshConnection.described_by(
        fleet(private_key="keys/id", known_hosts="known_hosts"), Path("/srv/catalog")
    )
    assert block.private_key_file == "/srv/catalog/keys/id"
    assert block.known_hosts == "/srv/catalog/known_hosts"


def test_without_a_key_the_agent_is_asked() -> None:
    """No key in the release file is no key in the block."""
    login = SshConnection.described_by(fleet(), Path("/srv")).login()
    assert (login.private_key, login.private_key_file) == (None, None)


def test_jump_host_goes_through() -> None:
    """The machine in between is kept, whole."""
    jump = {"address": "gate.example", "port": 2222, "user": "passer"}
    login = SshConnection.described_by(fleet(jump_host=jump), Path("/srv")).login()
    assert login.jump_host is not None
    assert login.jump_host.model_dump() == jump


def test_no_jump_host_is_none() -> None:
    """Hosts that are reached directly have nobody in between."""
    assert SshConnection.described_by(fleet(), Path("/srv")).login().jump_host is None


def test_key_entered_by_hand_is_used() -> None:
    """A key in the block itself reaches the login as a secret."""
    login = SshConnection(user="deploy", private_key="the key").login()
    assert login.private_key is not None
    assert login.private_key.get_secret_value() == "the key"
    assert "the key" not in repr(login)
