"""Signed JSON over real HTTP on loopback."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest

from examples.ports import free_port
from sendoff import webhooks
from sendoff.webhooks import NotTaken, post, sign

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
BODY = b'{"kind":"release.ended"}'


def refused(address: str) -> NotTaken:
    with pytest.raises(NotTaken) as failed:
        post(address, "hush", "key-1", BODY, NOW)
    return failed.value


def test_a_receiver_can_verify_it(receiver: Any) -> None:
    """The signature is an HMAC over timestamp and body, with the shared secret; the key names the event."""
    post(receiver.address, "hush", "key-1", BODY, NOW)
    ((headers, body),) = receiver.got
    timestamp = headers["Sendoff-Timestamp"]
    wanted = hmac.new(b"hush", timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["Sendoff-Signature"] == f"sha256={wanted}"
    assert (body, timestamp, headers["Idempotency-Key"]) == (BODY, str(int(NOW.timestamp())), "key-1")
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("secret", "timestamp", "body"), [("other", "1", b"x"), ("hush", "2", b"x"), ("hush", "1", b"y")]
)
def test_any_change_is_another_signature(secret: str, timestamp: str, body: bytes) -> None:
    """Neither time nor content can be changed, nor can anybody sign without the secret."""
    assert sign(secret, timestamp, body) != sign("hush", "1", b"x")


@pytest.mark.parametrize(
    ("code", "again"),
    [(500, True), (503, True), (429, True), (408, True), (400, False), (404, False), (301, False)],
)
def test_what_may_be_taken_later(receiver: Any, code: int, again: bool) -> None:
    """A receiver in trouble is asked again, one that says no is not; nobody is sent on to another address."""
    receiver.answers = [(code, {"Location": "http://127.0.0.1:9/"})]
    failed = refused(receiver.address)
    assert (failed.again, failed.why) == (again, f"answered {code}")


@pytest.mark.parametrize(
    ("after", "wait"),
    [
        ("7", 7), ("0", 0), ("86400", 60), ("Sun, 01 Mar 2026 10:30:20 GMT", 20),
        ("Sun, 01 Mar 2026 09:00:00 GMT", 0), ("soon", None), ("-3", None),
    ],
)  # fmt: skip
def test_it_may_say_when(receiver: Any, after: str, wait: float | None) -> None:
    """How long it wants to be left alone is listened to, within limits."""
    receiver.answers = [(429, {"Retry-After": after})]
    assert refused(receiver.address).wait == wait


def test_nobody_is_there() -> None:
    """Nobody listens on the port."""
    failed = refused(f"http://127.0.0.1:{free_port()}/secret-path")
    assert failed.again
    assert "ConnectError" in failed.why
    assert "secret-path" not in failed.why


def test_a_slow_one(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for, but not for ever."""
    monkeypatch.setattr(webhooks, "TIMEOUT", 0.2)
    receiver.answers = ["slow"]
    failed = refused(receiver.address)
    assert failed.again
    assert failed.why.startswith("no answer")


@pytest.mark.parametrize("address", ["ftp://shop.example/secret-path", "http:///secret-path", "secret-path"])
def test_no_address(address: str) -> None:
    """What is no address will be none later, and is not told on."""
    failed = refused(address)
    assert not failed.again
    assert "secret-path" not in failed.why
