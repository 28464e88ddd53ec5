"""Times in answers, read fast where they are written as in listings, and by botocore where not."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from botocore.awsrequest import AWSResponse
from botocore.utils import parse_timestamp

from sendoff.objects.s3.reading import moment, new_session


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-28T21:45:02Z",
        "2026-11-28T21:45:02.123Z",
        "2026-11-28T21:45:02.123456Z",
        "2026-11-28T21:45:02+01:00",
        "Sat, 28 Nov 2026 21:45:02 GMT",
        "1795902302",
        1795902302,
        1795902302.5,
    ],
)
def test_moment(said: str | float) -> None:
    """It is what botocore reads, however it is written."""
    assert moment(said) == parse_timestamp(said)
    assert moment(said).tzinfo is not None


def test_clients_use_it() -> None:
    """A client of such a session reads the times of a listing with it."""
    client = new_session().create_client(
        "s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    said = "<Contents><LastModified>2026-11-28T21:45:02Z</LastModified></Contents>"
    body = io.BytesIO(f"<ListBucketResult>{said}</ListBucketResult>".encode())
    body.stream = lambda **_: iter([body.read()])  # type: ignore[attr-defined]
    client.meta.events.register("before-send.s3", lambda **_: AWSResponse("", 200, {}, body))
    (found,) = client.list_objects_v2(Bucket="any")["Contents"]
    assert found["LastModified"] == datetime(2026, 11, 28, 21, 45, 2, tzinfo=UTC)
    assert found["LastModified"].tzinfo is UTC  # botocore's own way gives a zone of dateutil's
