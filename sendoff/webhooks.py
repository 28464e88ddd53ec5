"""Send signed JSON to an address, once: whether and when it is tried again others say."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

TIMEOUT = 10.0  # seconds to connect, to send, and until the answer begins
AGAIN = frozenset({408, 409, 425, 429})  # besides 5xx: it may be taken later
LONGEST_WAIT = 60.0  # seconds; who asks for more is asked again later anyway


class NotTaken(Exception):
    """It was not taken; `again`: whether it may be later, `wait`: after how many seconds, if it was said."""

    def __init__(self, why: str, again: bool = True, wait: float | None = None) -> None:
        super().__init__(why)
        self.why, self.again, self.wait = why, again, wait


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Sign what is sent: HMAC-SHA256 over the timestamp, a full stop and the body, in hexadecimal digits."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def post(address: str, secret: str, key: str, body: bytes, now: datetime) -> None:
    """Send it; NotTaken unless the answer is 2xx. It never says the address: that may be secret.

    Args:
        address: Where to
        secret: What it is signed with
        key: What names it, also when it is sent twice
        body: JSON
        now: When it is sent
    """
    if not _is_address(address):
        raise NotTaken("its address is none, expected http:// or https:// and a host", again=False)
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "Sendoff-Timestamp": timestamp,
        "Sendoff-Signature": f"sha256={sign(secret, timestamp, body)}",
    }
    try:
        with (
            httpx.Client(timeout=TIMEOUT) as client,
            client.stream("POST", address, content=body, headers=headers) as answer,
        ):
            code, after = answer.status_code, answer.headers.get("Retry-After")
    except httpx.TimeoutException:
        raise NotTaken(f"no answer in {TIMEOUT:.0f} s") from None
    except httpx.TransportError as error:
        raise NotTaken(f"could not be reached ({type(error).__name__})") from None
    if not httpx.codes.is_success(code):
        raise NotTaken(f"answered {code}", code in AGAIN or code >= 500, _seconds(after, now))


def _is_address(text: str) -> bool:
    try:
        address = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return address.scheme in ("http", "https") and bool(address.host)


def _seconds(after: str | None, now: datetime) -> float | None:
    """Read `Retry-After`: seconds, or a date; None when it says nothing that can be read."""
    if not after:
        return None
    try:
        wait = float(after) if after.strip().isdigit() else _until(after, now)
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _until(date: str, now: datetime) -> float:
    at = parsedate_to_datetime(date)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
