"""The key pair of the stamps: made once, the private one for the server alone, the public one for workers."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sendoff.errors import BadInput, Problem

PRIVATE, PUBLIC = "stamps.key", "stamps.pub"


def key_pair(folder: Path) -> Ed25519PrivateKey:
    """Read the private key, or make it; the public one lies beside it. BadInput when others may read it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / PRIVATE
    if not path.exists():
        _make(path)
    key = _read(path)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if not (folder / PUBLIC).exists() or (folder / PUBLIC).read_bytes() != public:
        _written(folder / PUBLIC, public, 0o644).replace(folder / PUBLIC)
    return key


def _make(path: Path) -> None:
    """Make it whole or not at all; of several servers that start at once, the first one's counts."""
    words = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    new = _written(path, words, 0o600)
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def _written(path: Path, words: bytes, mode: int) -> Path:
    """Write beside a file what is to take its place."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        stream.write(words)
        stream.flush()
        os.fsync(stream.fileno())
    return new


def _read(path: Path) -> Ed25519PrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise BadInput([Problem(str(path), 0, "", f"may be read by others (mode {mode:o})", "mode 600")])
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(
            [Problem(str(path), 0, "", "is no key of stamps", "the Ed25519 key made by `sendoff server`")]
        )
    return key
