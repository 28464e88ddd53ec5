"""Known hosts as OpenSSH writes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sendoff.targets.ssh.faults import HostKeyRefused
from sendoff.targets.ssh.known_hosts import KnownHosts, host_name

KEY, OTHER = b"\0\0\0\x0bssh-ed25519" + b"k" * 36, b"\0\0\0\x0bssh-ed25519" + b"o" * 36


def line(names: str, key: bytes = KEY, marker: str = "") -> str:
    return f"{marker} {names} ssh-ed25519 {base64.b64encode(key).decode()} a comment".strip() + "\n"


def hashed(host: str) -> str:
    salt = bytes(20)
    digest = hmac.new(salt, host.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("names", "host", "known"),
    [
        ("web-1", "web-1", True),
        ("Web-1", "web-1", True),
        ("db-1,web-1,10.0.0.1", "10.0.0.1", True),
        ("web-1", "[web-1]:2222", False),
        ("[web-1]:2222", "[web-1]:2222", True),
        ("[web-1]:2222", "web-1", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com,!a.example.com", "a.example.com", False),
        ("[*.example.com]:2222", "[a.example.com]:2222", True),
        ("web-?", "web-1", True),
        (hashed("[web-1]:2222"), "[web-1]:2222", True),
        (hashed("web-2"), "web-1", False),
        ("|1|broken", "web-1", False),
    ],
)
def test_whose_key_it_is(names: str, host: str, known: bool) -> None:
    """Names, lists, patterns, negation, ports and hashes mean what they mean to OpenSSH."""
    assert bool(KnownHosts(line(names), "file").of(host)) is known


def test_the_port_is_said_unless_it_is_22() -> None:
    """As `ssh` looks hosts up."""
    assert (host_name("Web-1", 22), host_name("web-1", 2222)) == ("web-1", "[web-1]:2222")


def test_one_of_several_keys_is_enough() -> None:
    """A host may have several keys; a second line for it counts too."""
    known = KnownHosts(line("web-1", OTHER) + line("web-1"), "file")
    known.check("web-1", "web-1", "ssh-ed25519", KEY)


def test_a_revoked_key_is_refused() -> None:
    """Also when another line trusts it."""
    known = KnownHosts(line("web-1") + line("*", marker="@revoked"), "file")
    with pytest.raises(HostKeyRefused, match="file:2 marks as revoked"):
        known.check("web-1", "web-1", "ssh-ed25519", KEY)


def test_a_certificate_authority_is_no_host_key() -> None:
    """Its key is not accepted as a host's own."""
    known = KnownHosts(line("*", marker="@cert-authority"), "file")
    with pytest.raises(HostKeyRefused, match="is unknown"):
        known.check("web-1", "web-1", "ssh-ed25519", KEY)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    """It knows nobody; the refusal says that there is no such file."""
    known = KnownHosts.load(str(tmp_path / "none"))
    with pytest.raises(HostKeyRefused, match=r"none \(No such file"):
        known.check("web-1", "web-1", "ssh-ed25519", KEY)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    """Whatever stands in the file, reading and asking work, and an odd file trusts nobody."""
    with pytest.raises(HostKeyRefused):
        KnownHosts(text, "file").check("web-1", "web-1", "ssh-ed25519", KEY)
