"""What the blocks show in the UI, and what they hide."""

from __future__ import annotations

import pytest
from prefect.blocks.core import Block

from blocks.aws import AwsConnection
from blocks.secrets import ReleaseSecrets
from blocks.ssh import SshConnection
from blocks.store import ArtifactBucket, ArtifactFolder

KINDS = (ArtifactFolder, ArtifactBucket, SshConnection, AwsConnection, ReleaseSecrets)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described(kind: type[Block]) -> None:
    """Each field has a title and says what it is for."""
    fields = kind.model_json_schema()["properties"].values()
    assert all(field.get("title") and field.get("description") for field in fields)


@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_named(kind: type[Block]) -> None:
    """Each kind is found under Sendoff's name, with a description."""
    assert str(kind._block_type_name).startswith("Sendoff ")
    assert str(kind._block_type_slug).startswith("sendoff-")
    assert kind._description


@pytest.mark.parametrize(
    "block",
    [
        SshConnection(user="deploy", private_key="do-not-show"),
        ReleaseSecrets(values={"TOKEN": "do-not-show"}),
        ArtifactBucket(bucket="releases", access_key_id="x", secret_access_key="do-not-show"),
        AwsConnection(access_key_id="x", secret_access_key="do-not-show", external_id="do-not-show"),
    ],
    ids=["key", "secrets", "bucket", "site"],
)
def test_secrets_are_not_shown(block: Block) -> None:
    """What is secret is typed as such: neither the text nor the dump of a block has it."""
    assert "do-not-show" not in repr(block)
    assert "do-not-show" not in str(block.model_dump(mode="json"))


def test_secrets_are_given_out_by_name() -> None:
    """Who connects gets the values."""
    assert ReleaseSecrets(values={"TOKEN": "x", "EMPTY": ""}).connect() == {"TOKEN": "x", "EMPTY": ""}
