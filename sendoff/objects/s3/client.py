"""The connection to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from sendoff.objects.s3.address import BucketAddress, Credentials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRIES = 9  # with botocore's pauses some 45 s, up to 75 s
CONNECTIONS = 50  # as many as a story has threads


def connect(address: BucketAddress, credentials: Credentials | None) -> S3Client:
    """Prepare a client; without credentials, those that AWS tools find on this machine are taken.

    botocore tries again by itself what was throttled, lost or failed on the server, with growing pauses.
    """
    session = boto3.Session(
        aws_access_key_id=credentials.access_key_id if credentials else None,
        aws_secret_access_key=credentials.secret_access_key.get_secret_value() if credentials else None,
        region_name=address.region,
    )
    config = Config(
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=CONNECTIONS,
        # A bucket as part of a host name is AWS's own way; others would need a wildcard in DNS for it.
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )
    return session.client("s3", endpoint_url=address.endpoint, config=config)
