"""The private keys to log in with: from a text, a file or the agent."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from paramiko import Agent, ECDSAKey, Ed25519Key, PasswordRequiredException, PKey, RSAKey, SSHException

from sendoff.targets.ssh.faults import LoginRefused
from sendoff.targets.ssh.login import Login

KINDS: tuple[type[PKey], ...] = (Ed25519Key, ECDSAKey, RSAKey)


def private_keys(login: Login) -> Sequence[PKey]:
    """List the keys to try, in order; LoginRefused when there is none that can be used."""
    if login.private_key is not None:
        return [_read("the private key given", login.private_key.get_secret_value())]
    if login.private_key_file is None:
        return _from_agent()
    file = Path(login.private_key_file).expanduser()
    try:
        return [_read(str(file), file.read_text(encoding="ascii"))]
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or "it is not a text"
        raise LoginRefused(
            f"{file}: cannot be read ({said}), expected a private key; see the path"
        ) from error


def _read(where: str, text: str) -> PKey:
    for kind in KINDS:
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
        except PasswordRequiredException as error:
            raise LoginRefused(
                f"{where}: is encrypted, expected one without a passphrase; add it to the SSH agent instead"
            ) from error
        except (SSHException, ValueError, IndexError):
            continue
    raise LoginRefused(
        f"{where}: is not a private key that can be used, expected Ed25519, ECDSA or RSA "
        "as ssh-keygen writes them"
    )


def _from_agent() -> Sequence[PKey]:
    keys = Agent().get_keys()
    if not keys:
        raise LoginRefused(
            "SSH agent: holds no key or is not running, expected at least one; start it and `ssh-add` the "
            "key, or name a private key in the release file or the SSH block"
        )
    return keys
