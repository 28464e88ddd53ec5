"""The script that makes the secrets, and those that read a password out of a URL."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet


@pytest.fixture
def make(docker, tmp_path):
    def run() -> str:
        shutil.copy(docker / "secrets.sh", tmp_path)
        return subprocess.run(
            ("sh", tmp_path / "secrets.sh"), check=True, capture_output=True, text=True
        ).stdout

    return run


def test_makes_all_that_the_compose_file_names(make, compose, tmp_path):
    """Each secret is there, none like another, in a folder that only its owner opens, and none is shown."""
    said = make()
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert made.keys() == compose["secrets"].keys()
    assert {f"./secrets/{name}" for name in made} == {each["file"] for each in compose["secrets"].values()}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {0o444}
    filled = [content for content in made.values() if content]
    assert len(set(filled)) == len(filled) == 5
    later = {"pip.conf", "pip.pem", "operator", "worker-1", "worker-2", "stamps.pub"}
    assert {name for name, content in made.items() if not content} == later
    assert not [content for content in filled if content in said]
    Fernet(made["encryption_key"])
    for name, host in (
        ("prefect_database_url", "postgres"),
        ("ledger_url", "postgres"),
        ("redis_url", "redis"),
    ):
        url = urlsplit(made[name])
        assert url.hostname == host
        assert re.fullmatch(r"[0-9a-f]{64}", url.password or "")


def test_changes_none(make, tmp_path):
    """What is there stays, also one written by hand: a database keeps the password that it was made with."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ledger_url").write_text("postgresql://mine")
    make()
    assert (tmp_path / "secrets" / "ledger_url").read_text() == "postgresql://mine"
    assert make() == ""


@pytest.mark.parametrize(
    ("script", "file"), [("redis.sh", "redis_url"), ("postgres.sh", "prefect_database_url")]
)
@pytest.mark.parametrize("url", ["", "redis://redis:6379/0", "redis://default:@redis:6379/0"])
def test_a_url_without_a_password_is_refused(script, file, url, docker, tmp_path):
    """Nothing starts, or is made, without a password."""
    (tmp_path / file).write_text(url)
    done = subprocess.run(
        ("sh", docker / script, "start"),
        env={"PATH": "/usr/bin:/bin", "SECRETS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{tmp_path / file}: holds no password, expected" in done.stderr
