"""The one boundary at which what botocore and the local disk raise becomes what Sendoff reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore import exceptions as boto

from sendoff.errors import PolicyRefused, SendoffError, StepErrored


class BucketMissing(PolicyRefused):
    """There is no such bucket: trying again does not help."""


class AccessRefused(PolicyRefused):
    """No credentials, wrong ones, or ones that may not do this: trying again does not help."""


class AddressRefused(PolicyRefused):
    """The server says that it is not asked for this in this way, as in a wrong region."""


REFUSED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
"""What services say, some of them with status 400, of credentials that are no good."""

MAPPED: dict[type[Exception], type[SendoffError]] = {
    boto.NoCredentialsError: AccessRefused,
    boto.PartialCredentialsError: AccessRefused,
    boto.CredentialRetrievalError: AccessRefused,
    boto.ProfileNotFound: AccessRefused,
    boto.ConfigParseError: AccessRefused,
    boto.TokenRetrievalError: AccessRefused,
    boto.UnauthorizedSSOTokenError: AccessRefused,
    boto.NoRegionError: AddressRefused,
    boto.InvalidRegionError: AddressRefused,
    boto.ParamValidationError: AddressRefused,
    boto.BotoCoreError: StepErrored,
    OSError: StepErrored,
}
"""What happens before or without an answer, and what it is to us; the nearest base class counts."""

ADVICE: dict[type[SendoffError], str] = {
    BucketMissing: "make the bucket, or correct its name in SENDOFF_STORE or in the block 'artifacts'",
    AccessRefused: "correct the key in the block 'artifacts', or the AWS credentials here; they have to "
    "list the bucket, and read and write in it",
    AddressRefused: "correct endpoint and region in the block 'artifacts'",
    StepErrored: "see to the S3 server, the network and the local disk, then try again",
}


@contextmanager
def boundary(where: str, doing: str, advice: Mapping[type[SendoffError], str] = ADVICE) -> Iterator[None]:
    """Let no foreign exception out of the block; `doing` reads like `reading 'a/b'`."""
    try:
        yield
    except (boto.ClientError, boto.BotoCoreError, OSError) as error:
        kind = answered(error) if isinstance(error, boto.ClientError) else _mapped(error)
        said = str(error) or type(error).__name__
        raise kind(f"{where}: {doing} failed ({said}), expected it to work; {advice[kind]}") from error


def code(error: boto.ClientError) -> str:
    """Tell what the server answered, in S3's words, or by the status where an answer has no words."""
    return str(error.response.get("Error", {}).get("Code", ""))


def answered(error: boto.ClientError) -> type[SendoffError]:
    """Tell what an answer of the server is to us."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code(error) == "NoSuchBucket":
        return BucketMissing
    if status in (401, 403) or code(error) in REFUSED:
        return AccessRefused
    if 300 <= status < 400 or code(error) in ("AuthorizationHeaderMalformed", "InvalidBucketName"):
        return AddressRefused
    return StepErrored


def _mapped(error: Exception) -> type[SendoffError]:
    return next(MAPPED[base] for base in type(error).__mro__ if base in MAPPED)
