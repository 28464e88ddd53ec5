"""A process is killed at each request of each of its clients, and what it had done by then stays."""

from __future__ import annotations

import pytest

from tests.kit.emulators import REGION, Moto
from tests.kit.killing import every_kill, killing

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws")]

DEED = "tests.kit.twice:prepare"


@pytest.fixture
def server(moto: Moto) -> Moto:
    moto.reset()
    moto.client("s3").create_bucket(Bucket="any", CreateBucketConfiguration={"LocationConstraint": REGION})
    return moto


def test_killed_at_each(server: Moto) -> None:
    """Before a request it has not arrived; after an answer it has, whichever client sent it."""
    names: list[str] = []
    seen: list[tuple[str, bool, bool]] = []

    def begin(name: str) -> list[str]:
        names.append(name)
        return [name]

    def see() -> None:
        parameters = server.client("ssm").describe_parameters()["Parameters"]
        objects = server.client("s3").list_objects_v2(Bucket="any").get("Contents", [])
        name = names[-1]
        seen.append((name, name in [p["Name"] for p in parameters], name in [o["Key"] for o in objects]))

    with killing(DEED, {"endpoint": server.endpoint}) as kills:
        assert every_kill(kills, begin, see) == 4
    assert seen == [
        ("before-0", False, False),
        ("before-1", True, False),
        ("after-0", True, False),
        ("after-1", True, True),
    ]


def test_what_fails_by_itself(server: Moto) -> None:
    """A deed that fails without being killed is no point, but an error."""
    server.client("s3").delete_bucket(Bucket="any")
    with killing(DEED, {"endpoint": server.endpoint}) as kills:
        assert kills.die(9, "before", ["a"]) == 1
