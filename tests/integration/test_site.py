"""A static site on a real S3 server, released by a real Prefect server and worker, and seen by a visitor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from blocks.aws import AwsConnection
from tests.kit.serving import Handler, Server, serving

Stack = Any  # the classes stand in conftest.py, which tests do not import
Application = Any

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.s3,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.timeout(2400),
]


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    return str(s3.make().name)


@pytest.fixture(scope="module")
def front(s3: Any, bucket: str) -> Iterator[Server]:
    """Stand before the bucket, as a web server that asks the pointer which release to read from."""

    def read(key: str) -> bytes:
        return bytes(s3.client.get_object(Bucket=bucket, Key=key)["Body"].read())

    class Front(Handler):
        def do_GET(self) -> None:
            try:
                release = json.loads(read(".sendoff/current.json"))["release"]
                content = read(f"rel/{release}{self.path}")
            except s3.client.exceptions.NoSuchKey:
                self.answer(404)
                return
            self.answer(200, content, {"X-Release": str(release).rpartition("-")[0]})

    with serving(Front) as server:
        yield server


@pytest.fixture(scope="module")
def pages(
    stack: Stack, s3: Any, bucket: str, front: Server, make_application: Callable[..., Application]
) -> Application:
    """An application that is a site; its key stands in the block that `register` has made."""
    site = {
        "kind": "s3-site",
        "name": "pages",
        "bucket": bucket,
        "endpoint": s3.endpoint,
        "region": "us-east-1",
        "address": "127.0.0.1",
    }
    url = f"http://{{address}}:{front.address.rpartition(':')[2]}/version"
    check = {"kind": "http", "name": "home", "url": url, "version_header": "X-Release", "deadline": "3s"}
    app = make_application(
        "handbook", ("unused",), environment={"targets": [site]}, checks=[{**check, "body": "^(1|3)"}]
    )
    AwsConnection(
        access_key_id=s3.credentials.access_key_id, secret_access_key=s3.credentials.secret_access_key
    ).save("handbook-production-pages", overwrite=True, _sync=True)  # type: ignore[call-arg]  # as in blocks/lookup.py
    return app


def test_live_then_undone(stack: Stack, s3: Any, bucket: str, front: Server, pages: Application) -> None:
    """A release of a site goes live; one whose check fails is undone; nowhere is its key told."""
    good, _ = stack.tell("release", pages.what("1"), "Live")
    assert httpx.get(f"{front.address}/version").text == "1\n"
    bad, state = stack.tell("release", pages.what("2"), "Undone")
    answer = httpx.get(f"{front.address}/version")
    assert (answer.text, answer.headers["X-Release"]) == ("1\n", "1")
    pointer = json.loads(s3.client.get_object(Bucket=bucket, Key=".sendoff/current.json")["Body"].read())
    assert (pointer["release"].partition("-")[0], pointer["before"].partition("-")[0]) == ("1", "2")
    assert pointer["by"] == bad
    moves = [(event.body["version"], event.body["undo"]) for event in stack.events(bad, "host.live")]
    assert moves == [("2", False), ("1", True)]
    assert "pages answered without '^(1|3)' in its body" in str(state.message)
    ready = [event.body["said"] for event in stack.events(good, "step.done")]
    assert f"1 site reachable and ready; pages: it is at {s3.endpoint}, not at AWS" in ready
    stack.assert_settled(pages.name)
    secret = s3.credentials.secret_access_key.get_secret_value()
    for run in (good, bad):
        told = [stack.logs(run), stack.report(run), *(str(event.body) for event in stack.events(run))]
        assert not [each for each in told if secret in each]
