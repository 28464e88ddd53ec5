"""The boundary to paramiko: nothing foreign gets through."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import socket

import paramiko
import pytest

from sendoff.errors import HostUnreachable, SendoffError
from sendoff.targets.ssh.faults import MAPPED, LoginRefused, boundary

SFTP_ONLY = {"SFTPError"}  # SFTP is not used
CAUGHT_WITHIN = {"BERException", "NeedRekeyException", "PipeTimeout"}  # paramiko raises and catches them


def exceptions_of_paramiko() -> set[type[Exception]]:
    found: set[type[Exception]] = set()
    for module in pkgutil.iter_modules(paramiko.__path__):
        if "win" in module.name:
            continue
        names = vars(importlib.import_module(f"paramiko.{module.name}")).values()
        found |= {each for each in names if inspect.isclass(each) and issubclass(each, Exception)}
    return {each for each in found if each.__module__.startswith("paramiko")}


def test_every_exception_of_paramiko_is_mapped() -> None:
    """A new one in a new version has to be given its meaning here."""
    foreign = {each for each in exceptions_of_paramiko() if each.__name__ not in SFTP_ONLY | CAUGHT_WITHIN}
    assert len(foreign) > 10
    assert {each.__name__ for each in foreign - set(MAPPED)} == set()


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (socket.gaierror(-2, "Name or service not known"), HostUnreachable),
        (TimeoutError("timed out"), HostUnreachable),
        (ConnectionRefusedError(111, "refused"), HostUnreachable),
        (EOFError(), HostUnreachable),
        (paramiko.SSHException("odd"), HostUnreachable),
        (paramiko.BadAuthenticationType("no", ["password"]), LoginRefused),
    ],
)
def test_what_it_becomes(foreign: Exception, ours: type[SendoffError]) -> None:
    """The nearest base class counts; host, deed and cause are told."""
    with (
        pytest.raises(ours, match=r"web-1: connecting failed \(.+\), expected .*; ") as raised,
        boundary("web-1", "connecting"),
    ):
        raise foreign
    assert type(raised.value) is ours
    assert raised.value.__cause__ is foreign
