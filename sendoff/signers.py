"""Who did something: whom the server's stamp proves, or who somebody said they were.

The server that people sign in to stamps what they do with a key that only it can read. Whoever carries it out
checks the stamp with the public key, so nobody with the API alone can act as somebody else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from sendoff.errors import PolicyRefused
from sendoff.model import Frozen, digest

Deed = Literal["start", "answer", "cancel", "unlock"]
STAMP = "stamp"  # the word under which a stamp travels with what it is of
WHO = ("requested_by", "who")
"""The fields of start forms in which people say who they are, where nobody signs in."""
FILLED = "x-filled-by-sign-in"  # what a form calls the field that the server fills in with who it is
START_LABEL, CANCEL_LABEL = "sendoff.stamp", "sendoff.cancelled"
"""The labels of a run that hold the stamps of who started it, and of who cancelled it."""


class StampRefused(PolicyRefused):
    """A stamp is missing, forged, or of something else. `who`: whose deed it is, where that is known."""

    def __init__(self, said: str, who: str = "") -> None:
        super().__init__(said)
        self.who = who


class Stamp(Frozen):
    """What the server says of a deed: who did what, and when.

    `run` is its run, of a start the deployment; `question` the key of what was answered; `content` the digest
    of all that was said; `nonce` names this one stamp.
    """

    person: str
    groups: tuple[str, ...] = ()
    deed: Deed
    run: str
    question: str = ""
    content: str
    at: datetime
    nonce: str


class Signer(Frozen):
    """Who did something, and when. Without sign-in nobody proved it, and groups are not known."""

    name: str
    groups: tuple[str, ...] = ()
    is_proved: bool = False
    nonce: str = ""
    at: datetime | None = None


def content(said: Mapping[str, Any]) -> str:
    """Give the digest of all that was said, but the stamp."""
    return digest({name: value for name, value in said.items() if name != STAMP})


def seal(stamp: Stamp, key: Ed25519PrivateKey) -> str:
    """Write a stamp as text: its JSON and its signature."""
    words = stamp.model_dump_json().encode()
    return f"{_text(words)}.{_text(key.sign(words))}"


def proved(said: Mapping[str, Any], deed: Deed, run: str, question: str, signed_by: Path) -> Signer:
    """Tell who did this, by the stamp that travels with it; StampRefused unless it is of just this.

    Args:
        said: All that was said, with the stamp
        deed: What was done
        run: The run that it was done to; of a start, the deployment
        question: The key of the question that was answered, else ""
        signed_by: The file of the server's public key, PEM
    """
    text = str(said.get(STAMP) or "")
    if not text:
        raise StampRefused(f"this {deed} has no stamp, expected that of the server; sign in, and do it there")
    try:
        key = load_pem_public_key(signed_by.read_bytes())
    except (OSError, ValueError) as error:
        raise StampRefused(f"{signed_by}: no public key ({error}), expected that of the server") from error
    if not isinstance(key, Ed25519PublicKey):
        raise StampRefused(
            f"{signed_by}: another kind of key, expected Ed25519; make it with `sendoff server`"
        )
    words, _, signature = text.partition(".")
    try:
        key.verify(_bytes(signature), _bytes(words))
        stamp = Stamp.model_validate_json(_bytes(words))
    except (InvalidSignature, ValidationError, binascii.Error) as error:
        raise StampRefused(f"the stamp of this {deed} is forged; sign in, and do it there") from error
    _is_of(stamp, {"deed": deed, "run": run, "question": question, "content": content(said)})
    return Signer(name=stamp.person, groups=stamp.groups, is_proved=True, nonce=stamp.nonce, at=stamp.at)


def _is_of(stamp: Stamp, wanted: Mapping[str, str]) -> None:
    others = {name: found for name, value in wanted.items() if (found := getattr(stamp, name)) != value}
    if others.keys() == {"question"}:
        raise StampRefused(
            "somebody answered before you; read it again and answer anew (the stamp is of another question: "
            f"{stamp.question!r}, expected {wanted['question']!r})",
            who=stamp.person,
        )
    for name, found in others.items():
        raise StampRefused(
            f"the stamp is of another {name}: {found!r}, expected {wanted[name]!r}; do it again, signed in"
        )


def _text(words: bytes) -> str:
    return base64.urlsafe_b64encode(words).decode()


def _bytes(text: str) -> bytes:
    """Read them back; one text for the same bytes, and no other."""
    words = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    if _text(words) != text:
        raise binascii.Error("not in its one form")
    return words
