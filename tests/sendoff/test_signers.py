"""A stamp proves one deed of one person, and no other."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sendoff.signers import STAMP, Stamp, StampRefused, content, proved, seal

KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
SAID = {"decision": "approve", "comment": "go"}
DEED: dict[str, Any] = {"deed": "answer", "run": "r1", "question": "approval-owner-1"}


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "server.pub"
    file.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file


def stamped(key: Ed25519PrivateKey = KEY, **other: Any) -> dict[str, str]:
    words = {"person": "priya", "groups": ("product",), "content": content(SAID), "nonce": "n1"}
    stamp = Stamp(**{**words, **DEED, "at": datetime(2026, 11, 25, tzinfo=UTC), **other})
    return {**SAID, STAMP: seal(stamp, key)}


def test_who_did_it(public: Path) -> None:
    """The stamp's own person counts, whatever else was said."""
    signer = proved(stamped(), signed_by=public, **DEED)
    assert (signer.name, signer.groups, signer.is_proved, signer.nonce) == ("priya", ("product",), True, "n1")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"deed": "start"}, "another deed"),
        ({"run": "r2"}, "another run"),
        ({"question": "approval-qa-1"}, "another question"),
        ({"content": content({"decision": "reject"})}, "another content"),
        ({"key": OTHER}, "forged"),
    ],
)
def test_of_something_else(public: Path, other: dict[str, Any], why: str) -> None:
    """Neither a replayed stamp nor one of another key is taken."""
    with pytest.raises(StampRefused, match=why):
        proved(stamped(**other), signed_by=public, **DEED)


def test_who_was_late_is_known(public: Path) -> None:
    """It is told in words for whoever answered; of all else that is wrong nobody is named."""
    with pytest.raises(StampRefused, match="somebody answered before you; read it again") as late:
        proved(stamped(question="approval-qa-1"), signed_by=public, **DEED)
    assert late.value.who == "priya"
    with pytest.raises(StampRefused, match="another run") as moved:
        proved(stamped(question="approval-qa-1", run="r2"), signed_by=public, **DEED)
    assert moved.value.who == ""


@pytest.mark.parametrize("text", ["", "x", ".", "a.b", "é.é"])
def test_no_stamp(public: Path, text: str) -> None:
    """What is no stamp at all is refused in plain words."""
    with pytest.raises(StampRefused):
        proved({**SAID, STAMP: text}, signed_by=public, **DEED)


@given(st.data())
def test_any_changed_character_is_noticed(public: Path, data: st.DataObject) -> None:
    """A stamp in which anything was changed is forged."""
    said = stamped()
    text = said[STAMP]
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_.= "))
    said[STAMP] = text[:at] + letter + text[at + 1 :]
    if said[STAMP] != text:
        with pytest.raises(StampRefused):
            proved(said, signed_by=public, **DEED)


def test_no_public_key(tmp_path: Path) -> None:
    """A worker without the key believes nobody."""
    with pytest.raises(StampRefused, match="no public key"):
        proved(stamped(), signed_by=tmp_path / "none", **DEED)
