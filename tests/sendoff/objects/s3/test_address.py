"""Which bucket is meant, and what is none."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sendoff.objects.s3.address import BucketAddress


@pytest.mark.parametrize(
    ("url", "name", "prefix"),
    [
        ("s3://releases", "releases", ""),
        ("s3://releases/", "releases", ""),
        ("s3://my.releases-1/a/b", "my.releases-1", "a/b"),
        ("s3://releases/a/", "releases", "a"),
    ],
)
def test_url(url: str, name: str, prefix: str) -> None:
    """Bucket and prefix are read; without variables it is one of AWS, in the region of the credentials."""
    assert BucketAddress.read(url, {}) == BucketAddress(name=name, prefix=prefix)


@pytest.mark.parametrize(
    "url", ["s3:/releases", "s3://", "s3://Aa", "s3://abc//b", "s3://abc/b c", "gs://abc"]
)
def test_no_url(url: str) -> None:
    """What is no bucket is told with what was expected."""
    with pytest.raises(ValueError, match="is neither, expected a folder or a bucket such as"):
        BucketAddress.read(url, {})


def test_variables_of_aws_tools() -> None:
    """The endpoint for S3 goes before the one for everything, and so does the newer name of the region."""
    environ = {"AWS_ENDPOINT_URL": "http://a:1", "AWS_DEFAULT_REGION": "x"}
    address = BucketAddress.read("s3://releases", environ)
    assert (address.endpoint, address.region) == ("http://a:1", "x")
    environ |= {"AWS_ENDPOINT_URL_S3": "https://b", "AWS_REGION": "y"}
    address = BucketAddress.read("s3://releases", environ)
    assert (address.endpoint, address.region) == ("https://b", "y")


def test_bad_endpoint() -> None:
    """An endpoint without a scheme is refused, by the variables and by the model."""
    with pytest.raises(ValueError, match="AWS_ENDPOINT_URL 'localhost' is none"):
        BucketAddress.read("s3://releases", {"AWS_ENDPOINT_URL": "localhost"})
    with pytest.raises(ValidationError):
        BucketAddress(name="releases", endpoint="localhost")


@pytest.mark.parametrize(("prefix", "shown"), [("", "s3://releases"), ("a/b", "s3://releases/a/b")])
def test_shown(prefix: str, shown: str) -> None:
    """It is shown as it is written."""
    assert str(BucketAddress(name="releases", prefix=prefix)) == shown
