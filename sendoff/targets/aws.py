"""What has to hold at AWS before anything is changed there, where the release file names the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from botocore.config import Config
from botocore.credentials import RefreshableCredentials

from sendoff.errors import SendoffError, StepErrored
from sendoff.objects.s3.address import Access
from sendoff.objects.s3.client import TRIES, session
from sendoff.objects.s3.faults import AccessRefused, AddressRefused, BucketMissing, boundary

AWS = (".amazonaws.com", ".amazonaws.com.cn")  # what the names of its servers end with
NOWHERE = (None, "aws-global")  # what botocore calls the region when nobody has named one
CONFIG = Config(retries={"mode": "standard", "total_max_attempts": TRIES}, connect_timeout=5, read_timeout=60)
ADVICE: dict[type[SendoffError], str] = {
    BucketMissing: "see to the AWS credentials here",
    AccessRefused: "correct the key or the role in the target's block 'Sendoff AWS connection', or the AWS "
    "credentials here",
    AddressRefused: "correct `region` in the release file or in the target's block",
    StepErrored: "see to the network, then try again",
}


class Caller(NamedTuple):
    """Who asks. `lasts`: whether the credentials stay good until the release, or its undo, is over.

    `told_by`: the address of the server that said so, when it is none of AWS.
    """

    account: str
    lasts: bool
    told_by: str | None = None


def elsewhere(url: str) -> str | None:
    """Give the address of a server when it is none of AWS."""
    return None if url.rstrip("/").endswith(AWS) else url


def caller(where: str, access: Access, region: str | None) -> Caller:
    """Ask AWS who we are to it.

    A key of a user lasts, and what botocore renews by itself, as that of a machine. Other temporary
    credentials end at a time that nobody tells. A role lasts as long as what it is taken on with.
    """
    with boundary(where, "asking who we are", ADVICE):
        asking = session(access, region)
        client = asking.client("sts", config=CONFIG)
        account = client.get_caller_identity()["Account"]
        credentials = session(access.model_copy(update={"role_arn": None}), region).get_credentials()
        lasts = isinstance(credentials, RefreshableCredentials) or not (credentials and credentials.token)
        told_by = elsewhere(client.meta.endpoint_url)
    return Caller(account, lasts, told_by)


def obstacle(wanted: str, region: str | None, instead: str | None, who: Callable[[], Caller]) -> str | None:
    """Say what stands in the way of changes in an account; None when nothing does.

    Args:
        wanted: The account that the release file names
        region: The region that is asked
        instead: The address of a server that is asked in place of AWS
        who: Asks AWS who we are
    """
    if instead:
        return (
            f"{instead} would be asked in place of AWS, expected account {wanted}; remove `endpoint` from "
            "the target's block, and AWS_ENDPOINT_URL from the worker"
        )
    if region in NOWHERE:
        return "nobody names a region, expected one; set `region` in the release file"
    account, lasts, told_by = who()
    if told_by:
        return (
            f"{told_by} says whose the credentials are, expected AWS to; "
            "remove AWS_ENDPOINT_URL_STS from the worker"
        )
    if account != wanted:
        return (
            f"the credentials are of account {account}, expected {wanted}; correct the target's block "
            "'Sendoff AWS connection', or `account` in the release file"
        )
    if not lasts:
        return (
            "the credentials are temporary, and nobody renews them, expected some that are still good when "
            "the release has to be undone; use a key, or a role to take on"
        )
    return None
