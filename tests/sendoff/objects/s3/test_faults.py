"""What foreign errors are to us: refusals are not tried again, broken machinery is."""

from __future__ import annotations

import inspect

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from sendoff.errors import PolicyRefused, SendoffError, StepErrored
from sendoff.objects.s3.faults import MAPPED, AccessRefused, AddressRefused, BucketMissing, boundary

ABOUT_CODE = {
    "MissingServiceIdError",
    "UndefinedModelAttributeError",
}  # botocore of its own data, not of requests


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchBucket", BucketMissing),
        (403, "403", AccessRefused),
        (403, "InvalidAccessKeyId", AccessRefused),
        (400, "ExpiredToken", AccessRefused),
        (301, "PermanentRedirect", AddressRefused),
        (400, "AuthorizationHeaderMalformed", AddressRefused),
        (400, "BadDigest", StepErrored),
        (404, "NoSuchUpload", StepErrored),
        (429, "TooManyRequests", StepErrored),
        (503, "SlowDown", StepErrored),
        (500, "InternalError", StepErrored),
    ],
)
def test_answers(status: int, code: str, kind: type[SendoffError]) -> None:
    """What the server answers is told with its words, what was done and what to do."""
    answer = {"Error": {"Code": code, "Message": "said"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    with (
        pytest.raises(
            kind, match=rf"^s3://b: reading 'a' failed \(.*{code}.*said.*\), expected .*; "
        ) as told,
        boundary("s3://b", "reading 'a'"),
    ):
        raise ClientError(answer, "GetObject")
    assert type(told.value) is kind
    assert isinstance(told.value, PolicyRefused | StepErrored)


def test_every_error_of_botocore_is_mapped() -> None:
    """An error that botocore adds is one of those that are known, or it stands out here."""
    raised = {
        each
        for _, each in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(each, Exception) and not issubclass(each, Warning)
    }
    stray = {each.__name__ for each in raised if not issubclass(each, (*MAPPED, ClientError))}
    assert stray == ABOUT_CODE


def test_what_is_ours_stays() -> None:
    """A refusal that was told already is not told once more."""
    with pytest.raises(PolicyRefused, match=r"^told$"), boundary("s3://b", "reading 'a'"):
        raise PolicyRefused("told")
