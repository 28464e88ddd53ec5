"""Taking on a role: credentials of its own, asked for when they are needed and again before they expire."""

from __future__ import annotations

import boto3
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError
from pydantic import SecretStr

from sendoff.objects.s3.reading import new_session

METHOD = "assume-role"
AS = "sendoff"  # how the role's sessions are called in the logs of AWS


class _InRole(CredentialProvider):
    """Gives the credentials of a role, and no others."""

    METHOD = METHOD
    CANONICAL_NAME = METHOD

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, METHOD)


def in_role(session: boto3.Session, role_arn: str, external_id: SecretStr | None) -> boto3.Session:
    """Make a session in a role out of one that may take it on; nothing is asked yet."""
    own = session.get_credentials()
    if own is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        session.client,
        own,
        role_arn,
        extra_args={"RoleSessionName": AS}
        | ({"ExternalId": external_id.get_secret_value()} if external_id else {}),
    )
    inner = new_session()
    inner.get_component("credential_provider").insert_before("env", _InRole(fetcher))
    return boto3.Session(botocore_session=inner, region_name=session.region_name)
