"""Settings from an environment, and what is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sendoff.errors import BadInput
from sendoff.objects.s3.address import BucketAddress
from sendoff.settings import Settings


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any variable everything is under the home, and the catalog is the working directory."""
    monkeypatch.chdir(tmp_path)
    settings = Settings.read({"HOME": "/home/ada"})
    assert settings == Settings(
        home=Path("/home/ada/.sendoff"),
        ledger_url="sqlite:////home/ada/.sendoff/ledger.db",
        store=Path("/home/ada/.sendoff/store"),
        catalog=(tmp_path,),
    )


def test_all_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable sets one thing; `~` is that environment's home, a relative path starts here."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    environ = {
        "HOME": str(tmp_path),
        "SENDOFF_HOME": "~/own",
        "SENDOFF_LEDGER": "postgresql+psycopg://sendoff@db.example/ledger",
        "SENDOFF_STORE": "store",
        "SENDOFF_CATALOG": f"a:{tmp_path}:",
    }
    assert Settings.read(environ) == Settings(
        home=tmp_path / "own",
        ledger_url=environ["SENDOFF_LEDGER"],
        store=tmp_path / "store",
        catalog=(tmp_path / "a", tmp_path),
    )


def test_a_bucket() -> None:
    """The store may be a bucket, on the server that the variables of all AWS tools name."""
    environ = {
        "SENDOFF_STORE": "s3://releases/shop",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_REGION": "x",
    }
    assert Settings.read(environ).store == BucketAddress(
        name="releases", prefix="shop", endpoint="http://127.0.0.1:1", region="x"
    )


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"SENDOFF_STORE": "s3://R/x"},
            "SENDOFF_STORE: 's3://R/x' is neither, expected a folder or a bucket such as 's3://releases/shop'",
        ),
        (
            {"SENDOFF_STORE": "s3://releases", "AWS_ENDPOINT_URL": "here"},
            "SENDOFF_STORE: its AWS_ENDPOINT_URL 'here' is none, expected 'https://s3.example'",
        ),
    ],
    ids=["bucket", "endpoint"],
)
def test_a_bad_bucket(environ: dict[str, str], told: str) -> None:
    """What can be no bucket is told with what was expected, together with all other problems."""
    with pytest.raises(BadInput) as wrong:
        Settings.read({**environ, "SENDOFF_LEDGER": "ledger.db"})
    assert told in str(wrong.value)
    assert "SENDOFF_LEDGER" in str(wrong.value)


def test_empty_is_not_set() -> None:
    """An empty variable is one that is not set."""
    names = ("SENDOFF_HOME", "SENDOFF_LEDGER", "SENDOFF_STORE", "SENDOFF_CATALOG", "SENDOFF_LEASE_SECONDS")
    empty = dict.fromkeys(names, "")
    assert Settings.read({"HOME": "/h", **empty}) == Settings.read({"HOME": "/h"})


def test_how_long_a_site_may_take() -> None:
    """Five minutes unless said; what is no such time is told with what was expected."""
    assert Settings.read({}).site == timedelta(minutes=5)
    assert Settings.read({"SENDOFF_SITE_SECONDS": "20"}).site == timedelta(seconds=20)
    with pytest.raises(BadInput, match="SENDOFF_SITE_SECONDS: is 'soon', expected a number of seconds, at"):
        Settings.read({"SENDOFF_SITE_SECONDS": "soon"})


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Every variable that is wrong is named, with what was expected."""
    (tmp_path / "file").touch()
    environ = {
        "SENDOFF_HOME": str(tmp_path / "file"),
        "SENDOFF_LEDGER": "ledger.db",
        "SENDOFF_STORE": str(tmp_path / "file"),
        "SENDOFF_CATALOG": str(tmp_path / "gone"),
    }
    with pytest.raises(BadInput) as wrong:
        Settings.read(environ)
    assert {problem.path for problem in wrong.value.problems} == set(environ)
    assert f"environment: SENDOFF_CATALOG: '{tmp_path}/gone' does not exist, expected release" in str(
        wrong.value
    )


def test_a_catalog_of_nothing() -> None:
    """Separators alone name no file."""
    with pytest.raises(BadInput, match="SENDOFF_CATALOG: names nothing"):
        Settings.read({"SENDOFF_CATALOG": "::"})


def test_a_bad_ledger_is_not_shown() -> None:
    """A mistyped address may hold a password, so it is not repeated."""
    with pytest.raises(BadInput) as wrong:
        Settings.read({"SENDOFF_LEDGER": "postgresql:/sendoff:hunter2@db"})
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize("seconds", ["2", "nan", "inf", "soon", "-60"])
def test_a_bad_lease(seconds: str) -> None:
    """A lease that no process could renew in time is refused."""
    with pytest.raises(BadInput, match=f"SENDOFF_LEASE_SECONDS: is '{seconds}', expected a number"):
        Settings.read({"SENDOFF_LEASE_SECONDS": seconds})


def test_a_lease() -> None:
    """It is said in seconds; a minute unless it is said."""
    assert Settings.read({"SENDOFF_LEASE_SECONDS": "6.5"}).lease.total_seconds() == 6.5
    assert Settings.read({}).lease.total_seconds() == 60
