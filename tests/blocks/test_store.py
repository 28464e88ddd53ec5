"""The folder of artifacts, and the bucket that also has the results of runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.store import ArtifactBucket, ArtifactFolder
from sendoff.errors import PolicyRefused
from sendoff.objects.s3.address import BucketAddress

S3 = Any  # stands in conftest.py, which tests do not import
WORKER = """
import sys
from types import SimpleNamespace
from typing import Any
from prefect import flow, task
from blocks.store import ArtifactBucket
from tasks.durable import ONCE

@task(**ONCE)
def step(run: Any, host: str) -> str:
    print("ran on", sys.argv[1])
    return f"made by {sys.argv[1]}"

@flow
def story() -> None:
    state = step(SimpleNamespace(id="the-run"), "web-1", return_state=True)
    print(state.name, state.result())

if len(sys.argv) > 2:
    ArtifactBucket.model_validate_json(sys.argv[2]).save("artifacts")
story()
"""


def block(s3: S3, address: BucketAddress) -> ArtifactBucket:
    made = ArtifactBucket.described_by(address)
    made.access_key_id, made.secret_access_key = (
        s3.credentials.access_key_id,
        s3.credentials.secret_access_key,
    )
    return made


def test_store_is_in_the_folder(tmp_path: Path) -> None:
    """Connecting opens a store there; nothing was built yet."""
    store = ArtifactFolder(folder=str(tmp_path / "store")).connect(tmp_path / "cache")
    assert store.find("shop", "1") is None
    store.close()


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_store_is_in_the_bucket(s3: S3, tmp_path: Path) -> None:
    """Connecting opens a store there, with the key that was entered."""
    store = block(s3, s3.make()).connect(tmp_path / "cache")
    assert store.find("shop", "1") is None
    assert store.objects.put_new("a", (tmp_path / "a").open("w+b"))
    store.close()


def test_bucket_of_the_settings() -> None:
    """What the settings say of a bucket is taken over; the credentials are the worker's own."""
    address = BucketAddress(name="releases", prefix="a/b", endpoint="https://s3.example", region="eu-1")
    made = ArtifactBucket.described_by(address)
    assert (made.bucket, made.prefix, made.endpoint, made.region) == (
        "releases", "a/b", "https://s3.example", "eu-1"
    )  # fmt: skip
    assert (made.access_key_id, made.secret_access_key) == (None, None)


@pytest.mark.parametrize("half", [{"access_key_id": "x"}, {"secret_access_key": "x"}], ids=["id", "secret"])
def test_half_a_key(half: dict[str, str], tmp_path: Path) -> None:
    """A key without its other half is refused: the worker's own credentials were not meant."""
    with pytest.raises(PolicyRefused, match="has only one of access key ID and secret access key"):
        ArtifactBucket(bucket="releases", **half).connect(tmp_path)


@pytest.mark.parametrize("wrong", [{"bucket": "No"}, {"prefix": "/a"}, {"endpoint": "localhost"}], ids=str)
def test_bucket_that_cannot_be(wrong: dict[str, str]) -> None:
    """What can be no bucket, prefix or address is refused when it is entered."""
    with pytest.raises(ValidationError):
        ArtifactBucket(**{"bucket": "releases", **wrong})


@pytest.mark.s3
@pytest.mark.xdist_group("s3")
def test_results_lie_beside_the_artifacts(s3: S3) -> None:
    """A result is read as it was written last, blocking or not; one that nobody wrote is not there."""
    made = block(s3, s3.make("p"))
    made.write_path("a-b", content=b"first", _sync=True)
    asyncio.run(made.awrite_path("a-b", content=b"second"))
    assert made.read_path("a-b", _sync=True) == asyncio.run(made.aread_path("a-b")) == b"second"
    names = [each["Key"] for each in s3.client.list_objects_v2(Bucket=made.bucket)["Contents"]]
    assert names == ["p/results/a-b"]
    with pytest.raises(KeyError):
        made.read_path("c")


@pytest.mark.s3
@pytest.mark.prefect
@pytest.mark.xdist_group("s3")
@pytest.mark.timeout(900)
def test_a_worker_finds_what_another_one_finished(s3: S3, tmp_path: Path) -> None:
    """A step that one worker finished is not run again by another one, with a Prefect home of its own."""
    made = block(s3, s3.make())
    given = made.model_dump_json(
        include={"bucket", "endpoint", "region", "access_key_id", "secret_access_key"},
        context={"include_secrets": True},
    )

    def worker(name: str, *more: str) -> str:
        environ = {
            **os.environ,
            "PREFECT_HOME": str(tmp_path / name),
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}",
            "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
            "PREFECT_RESULTS_DEFAULT_STORAGE_BLOCK": "sendoff-artifact-bucket/artifacts",
        }
        environ.pop("PREFECT_API_URL", None)
        command = (sys.executable, "-c", WORKER, name, *more)
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert worker("first", given) == "ran on first\nCompleted made by first\n"
    assert worker("second") == "Cached made by first\n"
