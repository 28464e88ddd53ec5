"""Whose account is asked: found out before anything is changed there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from sendoff.objects.s3.address import Access, Credentials
from sendoff.objects.s3.faults import AccessRefused
from sendoff.targets.aws import Caller, caller, obstacle

OURS = "123456789012"
KEY = Credentials(access_key_id="OWN", secret_access_key=SecretStr("hunter2"))
Asked = list[dict[str, list[str]]]


@pytest.mark.parametrize(
    ("region", "instead", "who", "said"),
    [
        ("eu-central-1", None, Caller(OURS, lasts=True), None),
        (
            "eu-central-1",
            "http://s3.example",
            Caller(OURS, lasts=True),
            "http://s3.example would be asked",
        ),
        ("aws-global", None, Caller(OURS, lasts=True), "nobody names a region"),
        (None, None, Caller(OURS, lasts=True), "nobody names a region"),
        (
            "eu-central-1",
            None,
            Caller("210987654321", lasts=True),
            "of account 210987654321, expected 1",
        ),
        ("eu-central-1", None, Caller(OURS, lasts=False), "temporary, and nobody renews them"),
        ("eu-central-1", None, Caller(OURS, True, "http://sts.example"), "http://sts.example says whose"),
    ],
)
def test_what_stands_in_the_way(
    region: str | None, instead: str | None, who: Caller, said: str | None
) -> None:
    """One thing is said, with what to do."""
    found = obstacle(OURS, region, instead, lambda: who)
    assert (found is None) if said is None else (said in str(found))


def asked(access: Access) -> tuple[str, bool]:
    """Ask the recorded server, and see that it is not taken for AWS."""
    found = caller("pages", access, "eu-central-1")
    assert found.told_by is not None
    assert found.told_by.startswith("http://127.0.0.1:")
    return found.account, found.lasts


@pytest.mark.parametrize(("region", "instead"), [("eu-central-1", "http://s3.example"), (None, None)])
def test_nobody_is_asked_in_vain(region: str | None, instead: str | None) -> None:
    """Credentials are not sent to a server that is none of AWS, nor without a region."""
    assert obstacle(OURS, region, instead, lambda: pytest.fail("asked"))


def test_a_key_lasts(sts: Asked) -> None:
    """A user's key is good until somebody takes it away."""
    assert asked(Access(key=KEY)) == (OURS, True)
    assert [each["Action"] for each in sts] == [["GetCallerIdentity"]]


def test_a_role_is_renewed(sts: Asked) -> None:
    """The key of a role ends, and is asked for again before it does."""
    access = Access(key=KEY, role_arn=f"arn:aws:iam::{OURS}:role/pages")
    assert asked(access) == (OURS, True)
    assert [each["Action"] for each in sts] == [["AssumeRole"], ["GetCallerIdentity"]]


def test_what_nobody_renews(sts: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token from the environment ends while the release waits for people."""
    for name, value in (("ACCESS_KEY_ID", "A"), ("SECRET_ACCESS_KEY", "s"), ("SESSION_TOKEN", "t")):
        monkeypatch.setenv(f"AWS_{name}", value)
    assert asked(Access()) == (OURS, False)
    in_a_role = Access(role_arn=f"arn:aws:iam::{OURS}:role/pages")
    assert asked(in_a_role) == (OURS, False)


def test_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials it is said what to do."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(AccessRefused, match=r"asking who we are failed .*; correct the key or the role in"):
        caller("pages", Access(), "eu-central-1")
