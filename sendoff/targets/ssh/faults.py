"""The one boundary at which what paramiko and sockets raise becomes what Sendoff reports."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from contextlib import contextmanager

from paramiko import ssh_exception as ssh
from paramiko.auth_strategy import AuthFailure
from paramiko.hostkeys import InvalidHostKey
from paramiko.pkey import UnknownKeyType

from sendoff.errors import HostUnreachable, PolicyRefused, SendoffError


class HostKeyRefused(PolicyRefused):
    """The host's key is not the one that is known: nothing was said to it, and trying again does not help."""


class LoginRefused(PolicyRefused):
    """The host does not let us in, or there is no key to log in with: trying again does not help."""


MAPPED: dict[type[Exception], type[SendoffError]] = {
    ssh.AuthenticationException: LoginRefused,
    ssh.PasswordRequiredException: LoginRefused,
    ssh.BadAuthenticationType: LoginRefused,
    ssh.PartialAuthentication: LoginRefused,
    ssh.UnableToAuthenticate: LoginRefused,
    AuthFailure: LoginRefused,
    UnknownKeyType: LoginRefused,
    ssh.BadHostKeyException: HostKeyRefused,
    InvalidHostKey: HostKeyRefused,
    ssh.SSHException: HostUnreachable,
    ssh.ChannelException: HostUnreachable,
    ssh.IncompatiblePeer: HostUnreachable,
    ssh.ProxyCommandFailure: HostUnreachable,
    ssh.NoValidConnectionsError: HostUnreachable,
    ssh.CouldNotCanonicalize: HostUnreachable,
    ssh.ConfigParseError: HostUnreachable,
    ssh.MessageOrderError: HostUnreachable,
    binascii.Error: HostUnreachable,
    UnicodeError: HostUnreachable,
    EOFError: HostUnreachable,
    OSError: HostUnreachable,
}
"""Every exception of paramiko and of sockets, and what it is to us; the nearest base class counts."""

ADVICE = {
    HostUnreachable: "see that the host is up, its SSH server listens there and no firewall is between",
    LoginRefused: "see that the public key stands in the user's authorized_keys on the host",
    HostKeyRefused: "compare the host's key with its keeper",
}


def translated(name: str, doing: str, error: Exception) -> SendoffError:
    """Say what a foreign exception means for a person; `doing` reads like `connecting to 10.0.0.1:22`."""
    kind = next(MAPPED[base] for base in type(error).__mro__ if base in MAPPED)
    said = str(error) or type(error).__name__
    return kind(f"{name}: {doing} failed ({said}), expected it to work; {ADVICE[kind]}")


@contextmanager
def boundary(name: str, doing: str) -> Iterator[None]:
    """Let no foreign exception out of the block."""
    try:
        yield
    except tuple(MAPPED) as error:
        raise translated(name, doing, error) from error
