"""Private keys from texts, files and the agent."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from sendoff.targets.ssh.faults import LoginRefused
from sendoff.targets.ssh.keys import private_keys
from sendoff.targets.ssh.login import Login


def key(folder: Path, *options: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-f", folder / "key", *options], check=True)
    return folder / "key"


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_kinds_of_keys(tmp_path: Path, kind: str) -> None:
    """A file and its text give the same key."""
    file = key(tmp_path, "-N", "", "-t", kind)
    (from_file,) = private_keys(Login(user="u", private_key_file=str(file)))
    (from_text,) = private_keys(Login(user="u", private_key=SecretStr(file.read_text())))
    assert from_file.asbytes() == from_text.asbytes()
    assert from_file.get_base64() in (tmp_path / "key.pub").read_text()


def test_an_encrypted_key(tmp_path: Path) -> None:
    """It is refused with the way out; nobody is there to type a passphrase."""
    login = Login(user="u", private_key_file=str(key(tmp_path, "-N", "secret", "-t", "ed25519")))
    with pytest.raises(LoginRefused, match=r"is encrypted.*agent"):
        private_keys(login)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key(text: str) -> None:
    """The text itself is never shown."""
    with pytest.raises(LoginRefused, match="is not a private key") as refused:
        private_keys(Login(user="u", private_key=SecretStr(text + "hush")))
    assert "hush" not in str(refused.value)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(LoginRefused, match=r"none: cannot be read \(No such file"):
        private_keys(Login(user="u", private_key_file=str(tmp_path / "none")))


def test_no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any key and without an agent, it says what to start."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(LoginRefused, match="ssh-add"):
        private_keys(Login(user="u"))
