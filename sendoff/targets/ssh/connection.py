"""Connecting to a host: its own socket, strict host keys, public keys only, one boundary for errors."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Sequence

from paramiko import Channel, PKey, Transport

from sendoff.errors import HostUnreachable
from sendoff.targets.ssh.faults import LoginRefused, boundary
from sendoff.targets.ssh.keys import private_keys
from sendoff.targets.ssh.known_hosts import KnownHosts, host_name
from sendoff.targets.ssh.login import HostAddress, Login
from sendoff.targets.ssh.session import Session

CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr")
UNHEARD = 3  # keepalives without an answer until the connection counts as lost
WIRE = "sendoff.wire"


def connect(address: str, port: int, login: Login, name: str) -> Session:
    """Connect and log in. `name` is what errors call the host.

    HostUnreachable: worth trying again. HostKeyRefused, LoginRefused: not.
    """
    here = HostAddress(address=address, port=port)
    jump = _jump(login, f"{name} (jump host)")
    try:
        wire = _through(jump, here, login, name) if jump else _socket(here, login, name)
        return Session(_logged_in(wire, here, login, name), name, via=jump)
    except BaseException:
        if jump:
            jump.close()
        raise


def _jump(login: Login, name: str) -> Transport | None:
    via = login.jump_host
    if via is None:
        return None
    here = HostAddress(address=via.address, port=via.port)
    there = login.model_copy(update={"user": via.user or login.user})
    return _logged_in(_socket(here, login, name), here, there, name)


def _socket(here: HostAddress, login: Login, name: str) -> socket.socket:
    with boundary(name, f"connecting to {here.address}:{here.port}"):
        wire = socket.create_connection((here.address, here.port), login.connect_timeout)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            patience = UNHEARD * login.keepalive * 1000
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)
        return wire


def _through(jump: Transport, here: HostAddress, login: Login, name: str) -> Channel:
    with boundary(name, f"reaching {here.address}:{here.port} through the jump host"):
        there, us = (here.address, here.port), ("127.0.0.1", 0)
        return jump.open_channel("direct-tcpip", there, us, timeout=login.connect_timeout)


def _logged_in(wire: socket.socket | Channel, here: HostAddress, login: Login, name: str) -> Transport:
    known, host = _known_hosts(login), host_name(here.address, here.port)
    transport: Transport | None = None
    try:
        keys = private_keys(login)
        with boundary(name, f"speaking SSH with {here.address}:{here.port}"):
            transport = _transport(wire, login, [key.kind for key in known.of(host)])
            transport.start_client(timeout=login.connect_timeout)
            offered = transport.get_remote_server_key()
        known.check(name, host, offered.get_name(), offered.asbytes())
        _authenticate(transport, login, keys, name)
        transport.set_keepalive(login.keepalive)
        return transport
    except BaseException:
        (transport or wire).close()
        raise


def _known_hosts(login: Login) -> KnownHosts:
    if login.known_hosts_text is not None:
        return KnownHosts(login.known_hosts_text, "the known hosts given")
    return KnownHosts.load(login.known_hosts)


def _transport(wire: socket.socket | Channel, login: Login, known_kinds: list[str]) -> Transport:
    transport = Transport(wire)
    logging.getLogger(WIRE).propagate = False  # paramiko logs tracebacks of what is reported as an error here
    transport.set_log_channel(WIRE)
    transport.banner_timeout = transport.auth_timeout = login.connect_timeout
    options = transport.get_security_options()
    options.ciphers = CIPHERS
    options.key_types = _known_first(options.key_types, known_kinds)
    return transport


def _known_first(offered: Sequence[str], known: list[str]) -> tuple[str, ...]:
    """Ask for the kinds of key that are known first: of several, a host shows the first one asked for."""
    wanted = {*known, *(["rsa-sha2-512", "rsa-sha2-256"] if "ssh-rsa" in known else [])}
    return tuple(sorted(offered, key=lambda kind: kind not in wanted))


def _authenticate(transport: Transport, login: Login, keys: Sequence[PKey], name: str) -> None:
    user, patience = login.user, login.connect_timeout
    said = "it gives no reason"
    for tried, key in enumerate(keys):
        answered = threading.Event()
        with boundary(name, f"logging in as {user!r}"):
            transport.auth_publickey(user, key, answered)
        if not answered.wait(patience):
            raise HostUnreachable(
                f"{name}: no answer to the login in {patience:g} s, expected one; try again"
            )
        if transport.is_authenticated():
            return
        if not transport.is_active() and not tried:
            raise HostUnreachable(
                f"{name}: hung up while we logged in, expected an answer; see its SSH server"
            )
        said = str(transport.get_exception() or said)
    raise LoginRefused(
        f"{name}: does not let {user!r} in with the {len(keys)} key(s) we have ({said}), expected one to do; "
        f"see that the public key stands in the authorized_keys of {user!r} there"
    )
