"""The network fails as AWS does in each of its protocols, and is out of the way otherwise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.retries.standard import ThrottledRetryableChecker

from tests.kit.emulators import Moto, connect
from tests.kit.network import Fault, Network, disturbed

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("aws")]

THROTTLED_CODES = ThrottledRetryableChecker._THROTTLED_ERROR_CODES
CALLS = {
    "lambda": ("list_functions", "GET /2015-03-31/functions"),
    "appconfig": ("create_application", "POST /applications"),
    "ssm": ("describe_parameters", "POST / DescribeParameters"),
    "ecs": ("list_clusters", "POST / ListClusters"),
    "elbv2": ("describe_target_groups", "POST / DescribeTargetGroups"),
    "sts": ("get_caller_identity", "POST / GetCallerIdentity"),
    "cloudwatch": ("list_metrics", "POST / ListMetrics"),
    "s3": ("list_buckets", "GET /"),
}
"""A call of each service, in rest-json, JSON, query or rest-xml, and how it is seen."""

ERRORS = [
    ("lambda", 404, "ResourceNotFoundException", "ResourceNotFoundException"),
    ("appconfig", 409, "ConflictException", "ConflictException"),
    ("ssm", 400, "ParameterNotFound", "ParameterNotFound"),
    ("ecs", 400, "ClusterNotFoundException", "ClusterNotFoundException"),
    ("elbv2", 400, "RuleNotFound", "RuleNotFoundException"),
    ("sts", 400, "ExpiredToken", "ClientError"),
    ("cloudwatch", 404, "ResourceNotFoundException", "ResourceNotFoundException"),
    ("s3", 404, "NoSuchBucket", "NoSuchBucket"),
]
"""An error of each service: its status, its code, and the exception that boto3 has for it."""


@pytest.fixture
def network(moto: Moto) -> Iterator[Network]:
    moto.reset()
    with disturbed(moto.endpoint) as found:
        yield found


def call(service: str, network: Network, tries: int = 1) -> Any:
    named = {"Name": "any"} if service == "appconfig" else {}
    return getattr(connect(service, network.endpoint, tries), CALLS[service][0])(**named)


@pytest.mark.parametrize("service", CALLS)
def test_passes_on(service: str, network: Network) -> None:
    """What nothing befalls is answered by the server, and is seen with its operation."""
    assert call(service, network)["ResponseMetadata"]["HTTPStatusCode"] < 300
    assert network.seen == [CALLS[service][1]]


@pytest.mark.parametrize(("service", "status", "code", "kind"), ERRORS)
def test_error(service: str, status: int, code: str, kind: str, network: Network) -> None:
    """An error is the one that boto3 knows by this code."""
    network.nth(0, (status, code))
    with pytest.raises(ClientError) as caught:
        call(service, network)
    assert type(caught.value).__name__ == kind
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize("service", CALLS)
def test_throttled(service: str, network: Network) -> None:
    """A throttled request has a code that botocore takes for that."""
    network.nth(0, "throttled")
    with pytest.raises(ClientError) as caught:
        call(service, network)
    assert caught.value.response["Error"]["Code"] in THROTTLED_CODES


@pytest.mark.parametrize("fault", ["throttled", "dropped", "lost", "late", (500, "InternalError")])
@pytest.mark.parametrize("service", ["lambda", "ssm", "sts", "s3"])
def test_tried_again(service: str, fault: Fault, network: Network, quick: None) -> None:
    """Each fault of one request is one that botocore tries again."""
    network.nth(0, fault)
    assert call(service, network, tries=2)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert network.seen == [CALLS[service][1]] * 2


@pytest.mark.parametrize(("fault", "arrives"), [("dropped", 0), ("lost", 1), ("late", 1)])
def test_hung_up(fault: Fault, arrives: int, network: Network, moto: Moto) -> None:
    """Whoever asked hears nothing; what was lost has arrived, what is late arrives in the end."""
    network.once("POST", fault, having="PutParameter")
    with pytest.raises(ConnectionClosedError):
        connect("ssm", network.endpoint, tries=1).put_parameter(Name="a", Value="1", Type="String")
    here = moto.client("ssm")
    assert len(here.describe_parameters()["Parameters"]) == (fault == "lost")
    network.settle()
    assert len(here.describe_parameters()["Parameters"]) == arrives


def test_late_comes_after_the_next(network: Network, moto: Moto) -> None:
    """What is late comes after the next request, and so has the last word."""
    network.once("POST", "late", having="PutParameter")
    with pytest.raises(ConnectionClosedError):
        connect("ssm", network.endpoint, tries=1).put_parameter(Name="a", Value="1", Type="String")
    connect("ssm", network.endpoint).put_parameter(Name="a", Value="2", Type="String", Overwrite=True)
    assert moto.client("ssm").get_parameter(Name="a")["Parameter"]["Value"] == "2"
    assert network.seen == ["POST / PutParameter"] * 2


def test_slow(network: Network) -> None:
    """An answer that takes its time arrives whole."""
    network.nth(0, 0.3)
    client = connect("ssm", network.endpoint)
    began = time.monotonic()
    assert client.describe_parameters()["Parameters"] == []
    assert time.monotonic() - began >= 0.3


def test_heals(network: Network) -> None:
    """Told so, it passes on all."""
    network.once("POST", (400, "No"), times=9)
    network.heal()
    assert call("ssm", network)["Parameters"] == []
