"""The keys of hosts as OpenSSH writes them: plain and hashed names, patterns, ports and revoked keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sendoff.targets.ssh.faults import HostKeyRefused


@dataclass(frozen=True)
class KnownKey:
    """One line: the names it holds for, the kind of key, the key itself, and where it stands."""

    names: str
    kind: str
    blob: bytes
    where: str
    revoked: bool = False


def fingerprint(blob: bytes) -> str:
    """Shorten a public key to what `ssh-keygen -l` shows."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def host_name(address: str, port: int) -> str:
    """Write a host as known_hosts does: the port is said unless it is 22."""
    return address.lower() if port == 22 else f"[{address.lower()}]:{port}"


class KnownHosts:
    """The keys that are trusted; `origin` is the file they came from, as told in errors."""

    def __init__(self, text: str, origin: str) -> None:
        self.origin = origin
        numbered = enumerate(text.splitlines(), 1)
        self.keys = tuple(key for number, line in numbered if (key := _read(line, f"{origin}:{number}")))

    @classmethod
    def load(cls, path: str) -> KnownHosts:
        """Read a file; one that is missing or unreadable knows no host and says so when asked."""
        file = Path(path).expanduser()
        try:
            return cls(file.read_text(encoding="utf-8", errors="replace"), str(file))
        except OSError as error:
            return cls("", f"{file} ({error.strerror})")

    def of(self, host: str) -> tuple[KnownKey, ...]:
        """List the keys that are trusted for a host, named as by `host_name`."""
        return tuple(key for key in self.keys if not key.revoked and _is_named(host, key.names))

    def check(self, name: str, host: str, kind: str, blob: bytes) -> None:
        """Accept the key that a host offers, or raise HostKeyRefused with what to do about it."""
        offered = f"{kind} {fingerprint(blob)}"
        revoked = next((key for key in self.keys if key.revoked and key.blob == blob), None)
        if revoked is not None:
            raise HostKeyRefused(
                f"{name}: {host} offered the key {offered}, which {revoked.where} marks as revoked; "
                "give the host a new key"
            )
        known = self.of(host)
        if any(key.blob == blob for key in known):
            return
        if known:
            raise HostKeyRefused(_changed(name, host, offered, known))
        line = f"{host} {kind} {base64.b64encode(blob).decode()}"
        raise HostKeyRefused(
            f"{name}: {host} is unknown: it offered the key {offered}, expected one that stands in "
            f"{self.origin}; compare the fingerprint with `ssh-keygen -lf` on the host itself, then add "
            f"the line {line!r}"
        )


def _changed(name: str, host: str, offered: str, known: tuple[KnownKey, ...]) -> str:
    expected = " or ".join(f"{key.kind} {fingerprint(key.blob)} ({key.where})" for key in known)
    return (
        f"{name}: {host} offered the key {offered}, expected {expected}; somebody may be listening in, or "
        "the host was set up anew: ask its keeper for the fingerprint, and only then replace that line"
    )


def _read(line: str, where: str) -> KnownKey | None:
    words = line.split()
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or words[0].startswith("#") or marker not in ("", "@revoked"):
        return None
    try:
        blob = base64.b64decode(words[2], validate=True)
    except ValueError:
        return None
    return KnownKey(words[0], words[1], blob, where, revoked=bool(marker))


def _is_named(host: str, names: str) -> bool:
    if names.startswith("|1|"):
        return _is_hashed(host, names)
    patterns = [name.lower().replace("[", "[[]") for name in names.split(",")]
    if any(name.startswith("!") and fnmatchcase(host, name[1:]) for name in patterns):
        return False
    return any(fnmatchcase(host, name) for name in patterns)


def _is_hashed(host: str, hashed: str) -> bool:
    try:
        salt, wanted = (base64.b64decode(part, validate=True) for part in hashed[3:].split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(salt, host.encode(), hashlib.sha1).digest(), wanted)
