"""The connection to S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from sendoff.objects.s3.address import Access, BucketAddress, Credentials
from sendoff.objects.s3.reading import new_session
from sendoff.objects.s3.role import in_role

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRIES = 9  # with botocore's pauses some 45 s, up to 75 s
CONNECTIONS = 50  # as many as a story has threads


def session(access: Access, region: str | None) -> boto3.Session:
    """Prepare to ask as somebody; where nothing is said, with what AWS tools find on this machine."""
    key = access.key
    own = boto3.Session(
        botocore_session=new_session(),
        aws_access_key_id=key.access_key_id if key else None,
        aws_secret_access_key=key.secret_access_key.get_secret_value() if key else None,
        region_name=region,
        profile_name=access.profile,
    )
    return in_role(own, access.role_arn, access.external_id) if access.role_arn else own


def connect(address: BucketAddress, credentials: Credentials | Access | None) -> S3Client:
    """Prepare a client; without credentials, those that AWS tools find on this machine are taken.

    botocore tries again by itself what was throttled, lost or failed on the server, with growing pauses.
    """
    access = credentials if isinstance(credentials, Access) else Access(key=credentials)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": TRIES},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=CONNECTIONS,
        # A bucket as part of a host name is AWS's own way; others would need a wildcard in DNS for it.
        s3={"addressing_style": "path" if address.endpoint else "auto"},
    )
    asking = session(access, address.region)
    return asking.client("s3", endpoint_url=address.endpoint, config=config)
