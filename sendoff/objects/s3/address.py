"""Which bucket, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import Field, SecretStr

from sendoff.model import Frozen
from sendoff.spec.words import BUCKET, BUCKET_NAME, ENDPOINT, KEY_PREFIX, PREFIX

URL = re.compile(rf"s3://(?P<name>{BUCKET_NAME})(?:/(?P<prefix>{KEY_PREFIX}))?/?")


class BucketAddress(Frozen):
    """A bucket, and the part of it under a prefix. Without an endpoint it is one of AWS."""

    name: str = Field(pattern=BUCKET)
    prefix: str = Field("", pattern=PREFIX)
    endpoint: str | None = Field(None, pattern=ENDPOINT)
    region: str | None = None

    @classmethod
    def read(cls, url: str, environ: Mapping[str, str]) -> BucketAddress:
        """Read `s3://bucket/prefix`; endpoint and region stand in the variables that all AWS tools read.

        ValueError, worded `what, expected`, when one of them is none.
        """
        found = URL.fullmatch(url)
        endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or None
        if not found:
            raise ValueError(
                f"{url!r} is neither, expected a folder or a bucket such as 's3://releases/shop'"
            )
        if endpoint and not re.fullmatch(ENDPOINT, endpoint):
            raise ValueError(f"its AWS_ENDPOINT_URL {endpoint!r} is none, expected 'https://s3.example'")
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
        return cls(name=found["name"], prefix=found["prefix"] or "", endpoint=endpoint, region=region)

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


class Credentials(Frozen):
    """An access key and its secret."""

    access_key_id: str
    secret_access_key: SecretStr


class Access(Frozen):
    """Who asks: a key, a profile of the machine, or what AWS tools find there; perhaps in another role."""

    key: Credentials | None = None
    profile: str | None = None
    role_arn: str | None = None
    external_id: SecretStr | None = None
