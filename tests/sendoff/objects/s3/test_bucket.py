"""A bucket on a real server: what is refused, what is damaged, and a network that loses answers."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from sendoff.errors import StepErrored
from sendoff.objects.s3 import client, upload
from sendoff.objects.s3.address import Credentials
from sendoff.objects.s3.bucket import Bucket
from sendoff.objects.s3.faults import AccessRefused, BucketMissing

S3 = Any  # the classes stand in conftest.py, which tests do not import
Network = Any
PART = 5 << 20
LARGE = PART + 17

WRITER = """
import io, sys
from sendoff.objects.s3.address import BucketAddress
from sendoff.objects.s3.bucket import Bucket
bucket = Bucket(BucketAddress.model_validate_json(sys.argv[1]), part=int(sys.argv[2]))
bucket.put_new("a", io.BytesIO(bytes(int(sys.argv[3]))))
"""

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]


@pytest.fixture
def bucket(s3: S3) -> Bucket:
    return Bucket(s3.make(), s3.credentials)


@pytest.fixture
def shaky(s3: S3, network: Network) -> Bucket:
    """The same kind of bucket, over a network that fails when told to."""
    made = s3.make()
    return Bucket(s3.address(made.name, "p", network.endpoint), s3.credentials, PART)


def test_write_again(bucket: Bucket) -> None:
    """What is no artifact may be written again, and is read as it was written last."""
    bucket.write("a", b"first")
    bucket.write("a", b"second")
    assert bucket.read("a") == b"second"


@pytest.mark.parametrize("ask", ["head", "read", "keys", "put_new"])
def test_missing_bucket(s3: S3, ask: str) -> None:
    """A bucket that is not there is told as such, whatever is asked: it is not an empty one."""
    bucket = Bucket(s3.address("nobody-made-it"), s3.credentials)
    more = [io.BytesIO(b"x")] if ask == "put_new" else []
    with pytest.raises(BucketMissing, match=r"make (the bucket|it), or correct its name"):
        getattr(bucket, ask)("a", *more)


@pytest.mark.parametrize("key", ["WORKER", "NOBODY"], ids=["wrong secret", "unknown key"])
@pytest.mark.parametrize("ask", ["head", "read", "keys", "put_new"])
def test_wrong_credentials(s3: S3, key: str, ask: str) -> None:
    """Credentials that do not count are refused, with what to do, and are not shown."""
    wrong = Credentials(access_key_id=key, secret_access_key=SecretStr("hunter2"))
    more = [io.BytesIO(b"x")] if ask == "put_new" else []
    with pytest.raises(AccessRefused, match="correct the key in the block 'artifacts'") as told:
        getattr(Bucket(s3.make(), wrong), ask)("a", *more)
    assert "hunter2" not in str(told.value)


def test_no_credentials(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials anywhere is a refusal that says so."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(AccessRefused, match="Unable to locate credentials"):
        Bucket(s3.make()).head("a")


def test_credentials_of_the_machine(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials of its own a bucket takes those that AWS tools find."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.credentials.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.credentials.secret_access_key.get_secret_value())
    assert Bucket(s3.make()).put_new("a", io.BytesIO(b"x"))


def test_no_server(s3: S3) -> None:
    """A server that cannot be reached is broken machinery, after a bounded number of tries."""
    address = s3.address("any-bucket", endpoint="http://127.0.0.1:1")
    with pytest.raises(StepErrored, match="see to the S3 server"):
        Bucket(address, s3.credentials).head("a")


def test_damage_is_seen(s3: S3, bucket: Bucket) -> None:
    """Content that is not what its writer wrote is not given out, though the server knows nothing of it."""
    bucket.put_new("a", io.BytesIO(b"written"))
    said = s3.client.head_object(Bucket=bucket.address.name, Key="a")["Metadata"]
    s3.client.put_object(Bucket=bucket.address.name, Key="a", Body=b"other", Metadata=said)
    with pytest.raises(
        StepErrored, match=r"'a' has SHA-256 .*, expected .* as it was written; the store is dam"
    ):
        bucket.read("a")


def test_wrong_content_is_not_taken(s3: S3, bucket: Bucket) -> None:
    """The server holds what it gets against its SHA-256, so nothing changes on the way."""
    with pytest.raises(s3.client.exceptions.ClientError, match="BadDigest"):
        s3.client.put_object(
            Bucket=bucket.address.name,
            Key="a",
            Body=b"x",
            ChecksumSHA256="LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        )
    assert bucket.head("a") is None


def test_copied_by_other_tools(s3: S3, bucket: Bucket) -> None:
    """What was put there without our digest can be read: a folder may be copied into a bucket."""
    s3.client.put_object(Bucket=bucket.address.name, Key="a", Body=b"copied")
    assert bucket.read("a") == b"copied"


@pytest.mark.parametrize(("size", "last"), [(10, "PUT"), (LARGE, "POST")], ids=["at once", "in parts"])
def test_lost_answer(shaky: Bucket, network: Network, size: int, last: str) -> None:
    """A write whose answer was lost is repeated, finds itself there, and counts as written."""
    content = os.urandom(size)
    network.once(last, "lost", having="uploadId=" if last == "POST" else "")
    assert shaky.put_new("a", io.BytesIO(content)) is True
    assert shaky.read("a") == content
    assert len([each for each in network.seen if each.startswith(last)]) >= 2


def test_overtaken(shaky: Bucket, network: Network, s3: S3) -> None:
    """A write that another one overtook after it had looked is told that it was late."""
    first = Bucket(s3.address(shaky.address.name, "p"), s3.credentials)

    def overtake(method: str, path: str) -> None:
        if method == "PUT" and first.head("a") is None:
            first.put_new("a", io.BytesIO(b"first"))

    network.fault = overtake
    assert shaky.put_new("a", io.BytesIO(b"second")) is False
    assert shaky.read("a") == b"first"


@pytest.mark.parametrize(
    "answer", [(503, "SlowDown"), (500, "InternalError"), (409, "ConditionalRequestConflict")], ids=str
)
def test_tried_again(shaky: Bucket, network: Network, answer: tuple[int, str]) -> None:
    """What a server says of its own trouble, or of writers at once, is tried again."""
    network.once("PUT", answer, times=2)
    assert shaky.put_new("a", io.BytesIO(b"x")) is True
    assert shaky.read("a") == b"x"


@pytest.mark.parametrize(
    ("answer", "tries"),
    [((503, "SlowDown"), client.TRIES), ((409, "ConditionalRequestConflict"), upload.TRIES)],
    ids=str,
)
def test_not_for_ever(
    shaky: Bucket, network: Network, answer: tuple[int, str], tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble that does not end is broken machinery, after a bounded number of tries."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    network.once("PUT", answer, times=1000)
    with pytest.raises(StepErrored, match="try again"):
        shaky.put_new("a", io.BytesIO(b"x"))
    assert len([each for each in network.seen if each.startswith("PUT")]) == tries


def test_killed_writer(shaky: Bucket, network: Network, s3: S3) -> None:
    """A writer killed between two parts leaves nothing to be seen, and the next one can write."""
    command = [sys.executable, "-c", WRITER, shaky.address.model_dump_json(), str(PART), str(LARGE)]
    environ = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": s3.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.credentials.secret_access_key.get_secret_value(),
    }
    reached, gone = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if "partNumber=2" in path:
            reached.set()
            gone.wait(60)

    network.fault = hold
    with subprocess.Popen(command, env=environ) as writer:
        assert reached.wait(60)
        writer.kill()
    network.fault = lambda method, path: None
    gone.set()
    assert writer.returncode == -signal.SIGKILL
    assert list(shaky.keys("")) == []
    assert shaky.put_new("a", io.BytesIO(bytes(LARGE))) is True


def test_cut_short(shaky: Bucket, network: Network, s3: S3) -> None:
    """An upload that broke between its parts leaves nothing, and the next one writes it whole."""
    network.once("PUT", (403, "AccessDenied"), having="partNumber=2")
    with pytest.raises(AccessRefused):
        shaky.put_new("a", io.BytesIO(bytes(LARGE)))
    assert list(shaky.keys("")) == []
    assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=shaky.address.name)
    assert shaky.put_new("a", io.BytesIO(bytes(LARGE))) is True
