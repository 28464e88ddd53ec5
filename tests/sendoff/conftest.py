"""A way to the S3 server that can be disturbed, and what AWS says of who asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.kit.network import Network, disturbed
from tests.kit.serving import Handler, serving


@pytest.fixture
def network(s3: Any) -> Iterator[Network]:
    """Give a way to the S3 server that can be disturbed."""
    with disturbed(s3.endpoint) as server:
        yield server


STS = {
    "AssumeRole": """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>ROLES</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>""",
    "GetCallerIdentity": """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/pages</Arn><UserId>AIDA</UserId>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>""",
}


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, list[str]]]]:
    """Answer, in recorded shapes, who asks who they are or takes on a role; gives what was asked."""
    asked: list[dict[str, list[str]]] = []

    class Service(Handler):
        def do_POST(self) -> None:
            asked.append(parse_qs(self.body().decode()))
            self.answer(200, STS[asked[-1]["Action"][0]].encode())

    with serving(Service) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.address)
        yield asked
