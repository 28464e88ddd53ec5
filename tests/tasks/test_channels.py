"""One notice to one channel, to real receivers on loopback."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock

from blocks import lookup
from blocks.notices import AppriseAddress, JsonWebhook
from blocks.store import ArtifactFolder
from sendoff.spec.channels import BlockChannel, WebhookChannel
from sendoff.telling import Notice
from sendoff.webhooks import NotTaken, sign
from tasks.channels import bounded, send

NOTICE = Notice(
    key="hash-1", subject="storefront 2.4.1: live", text="It is live.\n\nAll well.", data={"a": 1}
)
TEAM = BlockChannel(name="team", block="any/team")


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the block that is found under every name."""

    def put(block: Any) -> None:
        monkeypatch.setattr(lookup, "named", lambda name: block)

    return put


def refused(channel: Any) -> NotTaken:
    with pytest.raises(NotTaken) as failed:
        send(channel, NOTICE, {"HOOK": "hush"})
    return failed.value


def test_mail(named: Any, mailbox: Any) -> None:
    """People get a mail with the subject and the text."""
    named(AppriseAddress(url=mailbox.url))
    send(TEAM, NOTICE, {})
    (mail,) = mailbox.got
    assert mail["Subject"] == NOTICE.subject
    assert mailbox.texts()[0].split() == NOTICE.text.split()


def test_a_block_of_prefect(named: Any, receiver: Any) -> None:
    """Any notification block serves, such as Prefect's own for chats and addresses."""
    named(
        CustomWebhookNotificationBlock(
            name="chat", url=receiver.address, json_data={"title": "{{subject}}", "text": "{{body}}"}
        )
    )
    send(TEAM, NOTICE, {})
    assert receiver.bodies() == [{"title": NOTICE.subject, "text": NOTICE.text}]


@pytest.mark.parametrize(
    "channel",
    [WebhookChannel(name="hook", webhook="http://127.0.0.1/", secret="HOOK"), TEAM],
    ids=["address in the file", "address in a block"],
)
def test_signed_json(channel: Any, named: Any, receiver: Any) -> None:
    """A program gets the data, signed, under the hash of the event."""
    named(JsonWebhook(address=receiver.address, secret="hush"))
    if isinstance(channel, WebhookChannel):
        channel = channel.model_copy(update={"webhook": receiver.address})
    send(channel, NOTICE, {"HOOK": "hush"})
    ((headers, body),) = receiver.got
    assert body == NOTICE.json_bytes
    assert headers["Idempotency-Key"] == "hash-1"
    assert headers["Sendoff-Signature"] == f"sha256={sign('hush', headers['Sendoff-Timestamp'], body)}"


def test_mail_server_is_away(named: Any) -> None:
    """What the block says is not passed on: the password of the address may be in it."""
    named(
        AppriseAddress(url="mailto://ada:topsecret@127.0.0.1:9?smtp=127.0.0.1&from=a@b.example&mode=insecure")
    )
    failed = refused(TEAM)
    assert failed.again
    assert failed.why == "the block could not send it (NotificationError)"


@pytest.mark.parametrize(
    ("block", "again", "why"),
    [(None, True, "is not there"), (ArtifactFolder(folder="/srv"), False, "expected a notification block")],
    ids=["none", "another kind"],
)
def test_no_block_to_tell_through(named: Any, block: Any, again: bool, why: str) -> None:
    """A block that is missing may be made yet; one of another kind tells nobody."""
    named(block)
    failed = refused(TEAM)
    assert why in failed.why
    assert failed.again is again


def test_no_secret_to_sign_with() -> None:
    """Nothing is sent unsigned."""
    failed = refused(WebhookChannel(name="hook", webhook="http://127.0.0.1:9/", secret="OTHER"))
    assert "'OTHER' has no value" in failed.why


def test_a_block_with_only_an_async_side(named: Any) -> None:
    """Blocks of others may be written so."""
    got: list[tuple[str, str]] = []

    class Chat(AppriseAddress):
        _block_type_slug = "chat-of-this-test"

        async def notify(self, body: str, subject: str = "") -> None:  # type: ignore[override]
            await asyncio.sleep(0)
            got.append((subject, body))

    named(Chat(url="json://127.0.0.1"))
    send(TEAM, NOTICE, {})
    assert got == [(NOTICE.subject, NOTICE.text)]


def test_nothing_takes_longer_than_it_may() -> None:
    """Whatever hangs is left behind."""
    over = threading.Event()
    with pytest.raises(NotTaken, match="was not done in 0 s"):
        bounded(lambda: over.wait(30) and None, seconds=0.05)
    over.set()
