"""Whose credentials a client asks with: a key, a profile, or a role that is taken on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sendoff.errors import PolicyRefused
from sendoff.objects.s3.address import Access, BucketAddress, Credentials
from sendoff.objects.s3.client import connect
from sendoff.objects.s3.faults import AccessRefused, boundary

ADDRESS = BucketAddress(name="pages", region="eu-central-1")
KEY = Credentials(access_key_id="OWN", secret_access_key=SecretStr("hunter2"))


def who(client: Any) -> str:
    return str(client._request_signer._credentials.get_frozen_credentials().access_key)


def test_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of one's own goes before what is found on the machine."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "MACHINES")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    assert who(connect(ADDRESS, Access(key=KEY))) == "OWN"
    assert who(connect(ADDRESS, Access())) == who(connect(ADDRESS, None)) == "MACHINES"


def test_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the machine is taken by its name; one that is not there is a refusal."""
    file = tmp_path / "credentials"
    file.write_text("[sites]\naws_access_key_id = PROFILES\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    assert who(connect(ADDRESS, Access(profile="sites"))) == "PROFILES"
    with pytest.raises(AccessRefused, match="nobody"), boundary("pages", "connecting"):
        connect(ADDRESS, Access(profile="nobody"))


def test_a_role(sts: list[dict[str, list[str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    """A role is taken on with one's own key when it is first needed, and its key is used from then on."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "MACHINES")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    access = Access(key=KEY, role_arn="arn:aws:iam::123456789012:role/pages", external_id=SecretStr("shop"))
    client = connect(ADDRESS, access)
    assert sts == []
    assert who(client) == who(client) == "ROLES"
    (asked,) = sts
    assert asked["RoleArn"] == ["arn:aws:iam::123456789012:role/pages"]
    assert (asked["ExternalId"], asked["RoleSessionName"]) == (["shop"], ["sendoff"])


def test_a_role_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes on a role without credentials of their own, which is a refusal."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    access = Access(role_arn="arn:aws:iam::123456789012:role/pages")
    with pytest.raises(PolicyRefused, match="Unable to locate credentials"), boundary("pages", "connecting"):
        connect(ADDRESS, access)


def test_secrets_are_not_shown() -> None:
    """Who asks may stand in a log: its secret does not."""
    assert "hunter2" not in repr(Access(key=KEY))
    assert "hunter2" not in Access(key=KEY).model_dump_json()
